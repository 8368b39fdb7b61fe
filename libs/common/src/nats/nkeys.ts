import { createUser } from '@nats-io/nkeys';

/** An nkey pair. The seed is the secret: it goes into a 0600 file, never into a log or a command line. */
export interface Nkey {
  /** `SU...`, base32. */
  readonly seed: string;
  /** `U...`, base32: what the server is told. */
  readonly publicKey: string;
}

/**
 * A fresh user nkey (Ed25519).
 *
 * @see https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth
 */
export function createNkey(): Nkey {
  const pair = createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}

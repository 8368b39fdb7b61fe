import { readFileSync } from 'node:fs';

/** The bus and this service's credential for it, without the name that the service goes by. */
export interface NatsCredential {
  readonly url: string;
  /** `SU...` */
  readonly nkeySeed?: string;
  /** See `NatsAccess`. */
  readonly tlsDir?: string;
}

/** From the common flags `--nats`, `--nats-nkey` and `--nats-tls`. Throws where the seed's file cannot be read. */
export function natsCredential(flags: {
  nats: string;
  natsNkey: string | undefined;
  natsTls: string | undefined;
}): NatsCredential {
  const { nats: url, natsNkey, natsTls } = flags;
  return {
    url,
    ...(natsNkey === undefined ? {} : { nkeySeed: readFileSync(natsNkey, 'utf8').trim() }),
    ...(natsTls === undefined ? {} : { tlsDir: natsTls }),
  };
}

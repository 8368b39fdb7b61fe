import type { PeerCertificateIdentity } from '#common/grpc';
import type { SpiffeId } from '#common/identity';

/** What a caller brought to prove itself. */
export interface Credentials {
  /** From a client certificate that TLS has verified. */
  readonly certificate: PeerCertificateIdentity | undefined;
  /** The token of `authorization: Bearer ...`. */
  readonly bearer: string | undefined;
}

/** A caller who has proven an identity. */
export interface Caller {
  readonly id: SpiffeId;
  /** The pod that the proof is bound to, if it is. */
  readonly pod?: { readonly name: string; readonly uid: string };
  /** Uses up what may be used a limited number of times. Throws a Refusal when it has been used up meanwhile. */
  redeem(): Promise<void>;
}

/** One way to prove an identity: a caller, or undefined where the credential that it reads is missing. */
export type Authenticator = (credentials: Credentials) => Promise<Caller | undefined> | Caller | undefined;

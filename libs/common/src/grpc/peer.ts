import type { ServerUnaryCall } from '@grpc/grpc-js';
import { spiffeIdOfAltNames } from '../identity/spiffe.js';
import type { SpiffeId } from '../identity/types.js';

/** A call of any kind, as far as its peer is concerned. */
export type PeerCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>;

/** The identity of a verified client certificate, and when it ends. */
export interface PeerCertificateIdentity {
  readonly id: SpiffeId;
  /** Milliseconds since the Unix epoch. A connection outlives the certificate that it was made with. */
  readonly notAfter: number;
}

/**
 * Who calls, proven by a client certificate that chains to the server's roots; undefined without one, with one that
 * did not verify, and with one that has no SPIFFE ID or several.
 */
export function peerIdentity(call: PeerCall): SpiffeId | undefined {
  return peerCertificate(call)?.id;
}

/** {@link peerIdentity} with the end of the certificate's life, for a decision made long after the handshake. */
export function peerCertificate(call: PeerCall): PeerCertificateIdentity | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const id = spiffeIdOfAltNames(certificate?.subjectaltname);
  return certificate && id ? { id, notAfter: Date.parse(certificate.valid_to) } : undefined;
}

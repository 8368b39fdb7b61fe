import type { ServerUnaryCall } from '@grpc/grpc-js';
import { peerCertificate } from '#common/grpc';
import type { Credentials } from '../authenticate/caller.js';

type Call = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getAuthContext'>;

/** What the caller of an RPC brought to prove itself. */
export function credentialsOf(call: Call): Credentials {
  return { certificate: peerCertificate(call), bearer: bearerOf(call) };
}

/** The token of `authorization: Bearer ...`; undefined unless there is exactly one. */
export function bearerOf(call: Pick<Call, 'metadata'>): string | undefined {
  const values = call.metadata.get('authorization');
  const [value] = values;
  if (values.length !== 1 || typeof value !== 'string') return undefined;
  return /^bearer +(\S+)$/i.exec(value)?.[1];
}

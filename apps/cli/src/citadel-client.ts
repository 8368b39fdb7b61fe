import { readFile } from 'node:fs/promises';
import { citadelUri, TokenService } from '#common/ca-client';
import { unaryCall } from '#common/grpc';
import type { StateLayout } from './up/state.js';

/** The trust domain of a control plane that `quartet up` runs. */
const TRUST_DOMAIN = 'cluster.local';

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly ttlSeconds: number;
  readonly uses: number;
}

/**
 * Asks Citadel for a join token, proving itself with the admin credential of the state folder. Rejects with Citadel's
 * own words where it refuses.
 */
export async function createToken(
  citadel: string,
  state: StateLayout,
  request: TokenRequest,
): Promise<string> {
  const [roots, credential] = await Promise.all([
    readFile(state.rootCert, 'utf8'),
    readFile(state.adminCredential, 'utf8'),
  ]);
  const answer = await unaryCall(citadel, TokenService.CreateToken, request, {
    roots,
    expectedUri: citadelUri(TRUST_DOMAIN),
    metadata: { authorization: `Bearer ${credential.trim()}` },
  });
  return answer.token;
}

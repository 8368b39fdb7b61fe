import { readFile } from 'node:fs/promises';
import { serviceDefinition, unary, unaryCall } from '#common/grpc';
import { quartet } from '#common/proto/istio';
import type { StateLayout } from './up/state.js';

const { CreateTokenRequest, CreateTokenResponse } = quartet.v1;
const tokenService = serviceDefinition('quartet.v1.TokenService', {
  CreateToken: unary(CreateTokenRequest, CreateTokenResponse),
});

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
  const answer = await unaryCall(citadel, tokenService.CreateToken, request, {
    roots,
    expectedUri: 'spiffe://cluster.local/ns/istio-system/sa/istio-citadel-service-account',
    metadata: { authorization: `Bearer ${credential.trim()}` },
  });
  return answer.token;
}

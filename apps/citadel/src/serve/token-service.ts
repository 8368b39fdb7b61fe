import { TokenService } from '#common/ca-client';
import { grpcService, type GrpcService } from '#common/grpc';
import type { JoinTokens } from '../authenticate/join-tokens.js';
import { authorizeAdmin } from '../authorize/admin.js';
import { Refusal } from '../refusal.js';
import { bearerOf } from './credentials.js';
import { toStatus } from './refusal-status.js';

/** `quartet.v1.TokenService`, for whoever holds the admin credential of the state folder. */
export function tokenService(tokens: JoinTokens, adminCredential: string): GrpcService {
  return grpcService(TokenService, {
    async CreateToken(request, call) {
      try {
        authorizeAdmin(bearerOf(call), adminCredential);
        return await tokens.create(request);
      } catch (error) {
        throw error instanceof Refusal ? toStatus(error) : error;
      }
    },
  });
}

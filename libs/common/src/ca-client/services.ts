import { serviceDefinition, unary } from '#common/grpc';
import { istio, quartet } from '#common/proto/istio';

const { IstioCertificateRequest, IstioCertificateResponse } = istio.v1.auth;
const { CreateTokenRequest, CreateTokenResponse } = quartet.v1;

/** Where workloads obtain certificates; the same full method name since Istio 1.4. */
export const IstioCertificateService = serviceDefinition('istio.v1.auth.IstioCertificateService', {
  CreateCertificate: unary(IstioCertificateRequest, IstioCertificateResponse),
});

/** Where the administrator obtains join tokens. */
export const TokenService = serviceDefinition('quartet.v1.TokenService', {
  CreateToken: unary(CreateTokenRequest, CreateTokenResponse),
});

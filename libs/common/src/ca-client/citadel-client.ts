import { unaryCall } from '#common/grpc';
import {
  formatSpiffeId,
  type CertificateAuthority,
  type CertificateRequest,
  type IdentitySource,
  type TlsIdentity,
} from '#common/identity';
import { IstioCertificateService } from './services.js';

const DEADLINE_MS = 5_000;

/** The SPIFFE ID that Citadel serves under. */
export function citadelUri(trustDomain: string): string {
  return formatSpiffeId({
    trustDomain,
    namespace: 'istio-system',
    serviceAccount: 'istio-citadel-service-account',
  });
}

/** Citadel at `address` (HOST:PORT), known by its SPIFFE ID. A connection per request: they are hours apart. */
export function citadelAuthority(address: string, trustDomain: string): CertificateAuthority {
  const expectedUri = citadelUri(trustDomain);
  return {
    async createCertificate({ csr, ttlSeconds, roots, token, identity }: CertificateRequest) {
      const request = { csr, validityDuration: ttlSeconds };
      const response = await unaryCall(address, IstioCertificateService.CreateCertificate, request, {
        roots,
        expectedUri,
        deadlineMs: DEADLINE_MS,
        ...(identity && { identity: fixedIdentity(identity) }),
        ...(token !== undefined && { metadata: { authorization: `Bearer ${token}` } }),
      });
      return response.certChain;
    },
  };
}

function fixedIdentity(identity: TlsIdentity): IdentitySource {
  return { current: () => identity, subscribe: () => () => undefined };
}

import type { CertificateAuthority, CertificateRequest } from '#common/identity';
import { formatAddress, type Address } from '#common/flags';
import { formatSpiffeId } from '#common/identity';
import { field, integerField, message, readFields, textOf } from '../grpc/protobuf.js';
import { callUnary } from '../grpc/unary.js';
import { provesToBe } from './peer.js';

const CREATE_CERTIFICATE = '/istio.v1.auth.IstioCertificateService/CreateCertificate';
const DEADLINE_MS = 10_000;
/** A chain of a few certificates takes 4 KB. */
const MAX_ANSWER_BYTES = 1 << 20;

/** Citadel's CSR API over the agent's own small gRPC. Field numbers: istio/v1/auth/istioca.proto. */
export class Citadel implements CertificateAuthority {
  constructor(
    private readonly address: Address,
    /** The SPIFFE ID that Citadel must prove. */
    private readonly uri: string,
  ) {}

  async createCertificate(request: CertificateRequest): Promise<readonly string[]> {
    const { csr, ttlSeconds, roots, token, identity } = request;
    const answer = await callUnary({
      address: formatAddress(this.address),
      path: CREATE_CERTIFICATE,
      request: message(field(1, csr), integerField(3, ttlSeconds)),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      tls: {
        ca: roots,
        cert: identity?.certChain,
        key: identity?.privateKey,
        verifyPeer: provesToBe(this.uri),
      },
      deadlineMs: DEADLINE_MS,
      maxMessageBytes: MAX_ANSWER_BYTES,
    });
    return [...readFields(answer)].filter(({ number }) => number === 1).map(textOf);
  }
}

/** The SPIFFE ID of Citadel in a mesh of this trust domain. */
export function citadelUri(trustDomain: string): string {
  return formatSpiffeId({
    trustDomain,
    namespace: 'istio-system',
    serviceAccount: 'istio-citadel-service-account',
  });
}

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leafValidity, readIssuer, signLeaf, signRoot, verifyCsr, type Issuer } from '#app/citadel';
import { IstioCertificateService } from '#common/ca-client';
import { GrpcEndpoint, grpcService, peerIdentity, Status, statusError } from '#common/grpc';
import {
  createCsr,
  formatSpiffeId,
  generateKey,
  identityFromChain,
  type TlsIdentity,
} from '#common/identity';
import { citadelUri } from '../identity/citadel.js';

const DAY_MS = 86_400_000;

/** Citadel's signing code behind one token that never wears out: an authority for agents under test. */
export interface TestAuthority {
  readonly address: string;
  readonly roots: string;
  readonly rootFile: string;
  readonly tokenFile: string;
  /** How each certificate so far was asked for, in order. */
  readonly proofs: readonly ('token' | 'certificate')[];
  issue(uri: string): TlsIdentity;
  close(): Promise<void>;
}

/** Whoever has the token gets the identity `spiffeId`; whoever has a certificate of it gets another. */
export async function startAuthority(folder: string, spiffeId: string): Promise<TestAuthority> {
  const issuer = createIssuer();
  const token = randomBytes(16).toString('hex');
  const files = { rootFile: join(folder, 'root.pem'), tokenFile: join(folder, 'token') };
  writeFileSync(files.rootFile, issuer.certificate);
  writeFileSync(files.tokenFile, `${token}\n`);
  const proofs: ('token' | 'certificate')[] = [];
  const service = grpcService(IstioCertificateService, {
    CreateCertificate({ csr, validityDuration }, call) {
      const peer = peerIdentity(call);
      const byToken = call.metadata.get('authorization')[0] === `Bearer ${token}`;
      if (!byToken && (peer === undefined || formatSpiffeId(peer) !== spiffeId)) {
        throw statusError(Status.UNAUTHENTICATED, 'nobody proved who asks');
      }
      proofs.push(byToken ? 'token' : 'certificate');
      return { certChain: [sign(issuer, csr, spiffeId, validityDuration), issuer.certificate] };
    },
  });
  const own = issueFrom(issuer, citadelUri('cluster.local'));
  const identity = { current: () => own, subscribe: () => () => undefined };
  const endpoint = new GrpcEndpoint({
    bind: '127.0.0.1:0',
    tls: { identity, clientCertificates: 'optional' },
    services: [service],
  });
  const address = await endpoint.listen();
  const issue = (uri: string) => issueFrom(issuer, uri);
  return { address, roots: issuer.certificate, ...files, proofs, issue, close: () => endpoint.close() };
}

function createIssuer(): Issuer {
  const keys = generateKey();
  const validity = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS };
  const certificate = signRoot(keys, 'cluster.local', validity, randomBytes(16));
  return readIssuer(certificate, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

function issueFrom(issuer: Issuer, uri: string): TlsIdentity {
  const keys = generateKey();
  const chain = [sign(issuer, createCsr(keys), uri, 0), issuer.certificate];
  return identityFromChain(chain, keys.privateKey, issuer.certificate, { now: Date.now() });
}

function sign(issuer: Issuer, csr: string, uri: string, seconds: number): string {
  const policy = { defaultTtl: 3_600_000, maxTtl: DAY_MS };
  const validity = leafValidity(seconds, policy, issuer.notAfter, Date.now());
  return signLeaf(issuer, { publicKey: verifyCsr(csr), names: [uri], validity, serial: randomBytes(16) });
}

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir, until } from '#common/testing';
import { mergeCertificates } from './pem.js';
import { TestCa } from './test-ca.js';
import type { TlsIdentity } from './types.js';
import { WorkloadIdentity, type CertificateRequest } from './workload-identity.js';

const ID = 'spiffe://cluster.local/ns/default/sa/reviews';

describe('WorkloadIdentity', () => {
  let dir: string;
  let ca: TestCa;
  let identity: WorkloadIdentity | undefined;

  beforeEach(async () => {
    dir = tempDir();
    ca = await TestCa.create();
    writeFileSync(join(dir, 'root.pem'), ca.roots);
    writeFileSync(join(dir, 'token'), 'the-token');
  });

  afterEach(() => identity?.stop());

  it('refuses certificates of another key, and tries again', async () => {
    const warnings: object[] = [];
    const answered = new Promise<void>((resolve) => {
      identity = new WorkloadIdentity({
        // The authority signs, but some key of its own.
        authority: { createCertificate: async () => [(await ca.issue(ID)).certChain, ca.roots] },
        spiffeId: ID,
        rootFile: join(dir, 'root.pem'),
        tokenFile: join(dir, 'token'),
        random: () => 0,
        log: {
          info: () => undefined,
          warn: (fields) => {
            warnings.push(fields);
            if (warnings.length === 3) resolve();
          },
        },
      });
    });
    void identity!.start();
    await answered;
    expect(identity!.current()).toBeUndefined();
    expect(warnings).toEqual([
      { reason: 'the certificate is of another key', retryInMs: 125 },
      { reason: 'the certificate is of another key', retryInMs: 250 },
      { reason: 'the certificate is of another key', retryInMs: 500 },
    ]);
  });

  it('trusts a root that comes to the file while the certificate lasts', async () => {
    const rootFile = join(dir, 'root.pem');
    identity = new WorkloadIdentity({
      authority: { createCertificate: ({ csr }) => ca.answer(csr, ID) },
      ...{ spiffeId: ID, rootFile, tokenFile: join(dir, 'token'), lookMs: 5 },
    });
    await identity.start();
    const first = identity.current()!;
    const seen: TlsIdentity[] = [];
    identity.subscribe((next) => seen.push(next));
    const other = await TestCa.create('CN=other root');
    writeFileSync(rootFile, other.roots);
    const roots = mergeCertificates(ca.roots, other.roots);
    await until(() => identity!.current()!.roots === roots);
    expect(seen).toEqual([{ ...first, roots }]);
    // A file that goes takes no trust away.
    rmSync(rootFile);
    const third = await TestCa.create('CN=third root');
    writeFileSync(rootFile, third.roots);
    await until(() => seen.length === 2);
    expect(seen[1]).toEqual({ ...first, roots: mergeCertificates(roots, third.roots) });
  });

  it('asks with the token, for the wished-for lifetime, and trusts the given root', async () => {
    const asked = jest.fn<(request: CertificateRequest) => Promise<string[]>>();
    const request = new Promise<CertificateRequest>((resolve) => {
      asked.mockImplementation(async (order) => {
        resolve(order);
        throw new Error('no');
      });
    });
    identity = new WorkloadIdentity({
      authority: { createCertificate: asked },
      spiffeId: ID,
      rootFile: join(dir, 'root.pem'),
      tokenFile: join(dir, 'token'),
      ttlSeconds: 60,
    });
    void identity.start();
    const { csr, roots, ...rest } = await request;
    expect(csr).toContain('BEGIN CERTIFICATE REQUEST');
    expect(roots.replaceAll(/\s/g, '')).toBe(ca.roots.replaceAll(/\s/g, ''));
    expect(rest).toEqual({ token: 'the-token', ttlSeconds: 60 });
  });
});

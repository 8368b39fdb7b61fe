import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '#common/testing';
import { TestCa } from './test-ca.js';
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

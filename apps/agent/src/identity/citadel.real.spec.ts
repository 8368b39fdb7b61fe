import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAddress } from '#common/flags';
import { createCsr, generateKey } from '#common/identity';
import { tempDir } from '#common/testing';
import { startAuthority, type TestAuthority } from '../testing/authority.js';
import { Citadel, citadelUri } from './citadel.js';

const SPIFFE_ID = 'spiffe://cluster.local/ns/default/sa/a';

let authority: TestAuthority;
beforeAll(async () => void (authority = await startAuthority(tempDir(), SPIFFE_ID)));
afterAll(() => authority.close());

describe('Citadel', () => {
  const csr = createCsr(generateKey());
  const citadel = (uri = citadelUri('cluster.local')) => new Citadel(parseAddress(authority.address), uri);
  const request = () => ({ csr, ttlSeconds: 60, roots: authority.roots });

  it('signs for a token, and for a certificate', async () => {
    const token = readFileSync(authority.tokenFile, 'utf8').trim();
    expect(await citadel().createCertificate({ ...request(), token })).toHaveLength(2);
    const identity = authority.issue(SPIFFE_ID);
    expect(await citadel().createCertificate({ ...request(), identity })).toHaveLength(2);
  });

  it("passes on the authority's reason", async () => {
    const refused = citadel().createCertificate({ ...request(), token: 'wrong' });
    await expect(refused).rejects.toMatchObject({ code: 16, message: 'nobody proved who asks' });
  });

  it('gives its token to nobody whose identity is another', async () => {
    const elsewhere = citadel('spiffe://cluster.local/ns/x/sa/y').createCertificate({
      ...request(),
      token: 't',
    });
    await expect(elsewhere).rejects.toThrow('not spiffe://cluster.local/ns/x/sa/y');
  });

  it('gives its token to nobody whose root is another', async () => {
    const other = await startAuthority(tempDir(), SPIFFE_ID);
    const refused = citadel().createCertificate({ ...request(), roots: other.roots, token: 't' });
    await expect(refused).rejects.toThrow(/certificate/);
    await other.close();
  });

  it('does not wait for a server that hangs up', async () => {
    const rude = await listen(createServer((socket) => socket.destroy()));
    const { port } = rude.address() as AddressInfo;
    const call = new Citadel({ host: '127.0.0.1', port }, SPIFFE_ID).createCertificate({
      ...request(),
      token: 't',
    });
    await expect(call).rejects.toMatchObject({ code: 14 });
    rude.close();
  });
});

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

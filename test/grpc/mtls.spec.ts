import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, tempDir, until } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { PilotRig } from '../support/pilot.js';
import { hostOf, mesh, peerAuthentication, put, service } from './mesh.js';
import { pythonWithGrpc, startClient, startServer, type Ask } from './programs.js';

const TIMEOUT = 180_000;
const { path: python = '', missing } = pythonWithGrpc();
if (missing) process.stderr.write(`left out: mTLS without a proxy: ${missing}\n`);

const identity = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;

/** Files as an agent keeps them for a workload. */
async function certificates(authority: TestCa, account: string): Promise<string> {
  const folder = tempDir('q-certs-');
  const { certChain, privateKey, roots } = await authority.issue(identity(account));
  writeFileSync(join(folder, 'cert.pem'), certChain);
  writeFileSync(join(folder, 'key.pem'), privateKey);
  writeFileSync(join(folder, 'root.pem'), roots);
  return folder;
}

const where = python ? describe : describe.skip;

where('mTLS without a proxy', () => {
  let pilot: PilotRig;
  let clients: Record<string, Ask>;
  const target = `xds:///${hostOf('secret')}:80`;
  const become = (client: string, calls: object, answer: string) =>
    until(
      async () => expect(await clients[client]?.({ target, ...calls })).toEqual({ [answer]: 1 }) ?? true,
      {
        what: `${client} to get ${answer}`,
        timeout: 20_000,
      },
    );
  const rule = (tls?: object) =>
    put('DestinationRule', 'secret', { host: 'secret', ...(tls && { trafficPolicy: { tls } }) });

  beforeAll(async () => {
    const [authority, stranger] = [await TestCa.create(), await TestCa.create('CN=another root')];
    const port = await freePort();
    const endpoint = { port, labels: { app: 'secret' }, serviceAccount: 'secret' };
    pilot = await PilotRig.start([
      mesh(),
      service('secret', [endpoint]),
      peerAuthentication('secret', 'STRICT'),
      rule(),
    ]);
    const node = (name: string, folder: string) => ({ xds: pilot.xds, name, certificates: folder });
    startServer(node('secret', await certificates(authority, 'secret')), python, port);
    const caller = node('caller', await certificates(authority, 'caller'));
    clients = {
      'grpc-js': await startClient(caller),
      grpcio: await startClient(caller, python),
      stranger: await startClient(node('stranger', await certificates(stranger, 'caller')), python),
    };
  }, TIMEOUT);

  afterAll(async () => pilot?.stop(), TIMEOUT);

  it.each(['grpc-js', 'grpcio'])(
    '%s speaks it where all servers take nothing else, and no rule says so',
    async (client) => {
      await pilot.commit([rule(), peerAuthentication('secret', 'STRICT')]);
      await become(client, { mesh: true }, 'secret');
      // Without certificates it is the plain text that the server does not take.
      expect(await clients[client]?.({ target })).toEqual({ UNAVAILABLE: 1 });
    },
    TIMEOUT,
  );

  it(
    'takes nobody whom another root vouches for',
    async () => {
      await pilot.commit([rule({ mode: 'ISTIO_MUTUAL' }), peerAuthentication('secret', 'STRICT')]);
      await become('grpcio', { mesh: true }, 'secret');
      expect(await clients['stranger']?.({ target, mesh: true })).toEqual({ UNAVAILABLE: 1 });
    },
    TIMEOUT,
  );

  it.each(['grpc-js', 'grpcio'])(
    '%s talks to nobody but whom the rule names',
    async (client) => {
      await pilot.commit([rule({ mode: 'ISTIO_MUTUAL', subjectAltNames: [identity('other')] })]);
      await become(client, { mesh: true }, 'UNAVAILABLE');
      await pilot.commit([rule({ mode: 'ISTIO_MUTUAL', subjectAltNames: [identity('secret')] })]);
      await become(client, { mesh: true }, 'secret');
    },
    TIMEOUT,
  );

  it.each(['grpc-js', 'grpcio'])(
    '%s and server follow a policy that turns it off',
    async (client) => {
      await pilot.commit([rule(), peerAuthentication('secret', 'DISABLE')]);
      await become(client, { mesh: true }, 'secret');
      await become(client, {}, 'secret');
      await pilot.commit([peerAuthentication('secret', 'STRICT')]);
      await become(client, {}, 'UNAVAILABLE');
      await become(client, { mesh: true }, 'secret');
    },
    TIMEOUT,
  );
});

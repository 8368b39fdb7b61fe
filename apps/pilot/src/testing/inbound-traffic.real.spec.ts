import { connect as connectPlain } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import { freePorts } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Upstream } from './upstream.js';
import { startUpstream } from './upstream.js';

/** Who gets through a sidecar's inbound listeners, by the mode of each port. */
function mesh(app: number, tlsApp: number, ports: readonly number[]): string {
  const [strict, permissive, disabled, passthrough] = ports;
  const ingress = (port: number | undefined, target: number): string =>
    `  - {port: {number: ${port}, protocol: HTTP, name: http}, bind: 127.0.0.1, defaultEndpoint: "127.0.0.1:${target}"}`;
  return `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: app}
spec:
  ingress:
${[ingress(strict, app), ingress(permissive, app), ingress(disabled, app), ingress(passthrough, tlsApp)].join('\n')}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  mtls: {mode: STRICT}
  portLevelMtls:
    "${permissive}": {mode: PERMISSIVE}
    "${disabled}": {mode: DISABLE}
    "${passthrough}": {mode: PERMISSIVE}
`;
}

let ca: TestCa;
let client: TlsIdentity;
let app: Upstream;
let ports: number[] = [];

beforeAll(async () => {
  ca = await TestCa.create();
  client = await ca.issue('spiffe://cluster.local/ns/default/sa/client');
  app = await startUpstream('app');
  ports = await freePorts(4);
  const tlsApp = await startTlsApp(await ca.issue([{ type: 'dns', value: 'app.example.com' }]));
  await startSidecar({
    config: mesh(app.port, tlsApp, ports),
    nodeId: 'sidecar~10.0.0.1~app.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE', LABELS: { app: 'app' } },
    identity: await ca.issue('spiffe://cluster.local/ns/default/sa/app'),
  });
}, 60_000);

const closing: (() => void)[] = [];
afterAll(() => {
  app.close();
  for (const close of closing) close();
});

/** An application that speaks TLS itself, with a certificate of its own. */
async function startTlsApp({ certChain, privateKey }: TlsIdentity): Promise<number> {
  const server = createTlsServer({ cert: certChain, key: privateKey }, (socket) => socket.end('own tls'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const REQUEST = 'GET / HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n';

/** Everything that is answered to one request; empty where the connection is refused in whatever way. */
function exchange(socket: Socket, ready: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on(ready, () => socket.write(REQUEST));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const plain = (port = 0): Promise<string> => exchange(connectPlain(port, '127.0.0.1'), 'connect');

function overTls(port = 0, alpn: string[], identity?: TlsIdentity): Promise<string> {
  const credentials = identity ? { cert: identity.certChain, key: identity.privateKey } : {};
  const options = { port, host: '127.0.0.1', ALPNProtocols: alpn, rejectUnauthorized: false, ...credentials };
  return exchange(connectTls(options), 'secureConnect');
}

describe('STRICT', () => {
  it('takes the mesh', async () => {
    expect(await overTls(ports[0], ['istio'], client)).toMatch(/^HTTP\/1.1 200 .*app/s);
    expect(app.seen.at(-1)?.headers['x-forwarded-client-cert']).toContain(
      'URI=spiffe://cluster.local/ns/default/sa/client',
    );
  });

  it('refuses plain text, clients without a certificate, and those of another trust domain or root', async () => {
    const foreign = await ca.issue('spiffe://elsewhere/ns/default/sa/client');
    const stranger = await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client');
    expect(await plain(ports[0])).not.toMatch(/200/);
    expect(await overTls(ports[0], ['istio'])).toBe('');
    expect(await overTls(ports[0], ['istio'], foreign)).toBe('');
    expect(await overTls(ports[0], ['istio'], stranger)).toBe('');
  });
});

describe('PERMISSIVE', () => {
  it('takes the mesh, and plain text', async () => {
    expect(await overTls(ports[1], ['istio'], client)).toMatch(/^HTTP\/1.1 200/);
    expect(await plain(ports[1])).toMatch(/^HTTP\/1.1 200/);
  });

  it('lets nobody pass for the mesh without its certificate', async () => {
    expect(await overTls(ports[1], ['istio'])).toBe('');
  });

  it('does not believe a certificate that plain text only claims', async () => {
    await exchangeWith(ports[1], 'x-forwarded-client-cert: URI=spiffe://cluster.local/ns/default/sa/forged');
    expect(app.seen.at(-1)?.headers).not.toHaveProperty('x-forwarded-client-cert');
  });

  it("carries a client's own TLS to the application", async () => {
    expect(await overTls(ports[3], ['http/1.1'])).toBe('own tls');
  });
});

it('DISABLE takes plain text alone', async () => {
  expect(await plain(ports[2])).toMatch(/^HTTP\/1.1 200/);
  expect(await overTls(ports[2], ['istio'], client)).toBe('');
});

function exchangeWith(port = 0, header: string): Promise<string> {
  const socket = connectPlain(port, '127.0.0.1');
  const request = REQUEST.replace('connection:', `${header}\r\nconnection:`);
  return new Promise((resolve) => {
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
}

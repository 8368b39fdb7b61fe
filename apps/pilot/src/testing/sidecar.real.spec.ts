import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import { freePorts, tempDir } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

/** Traffic through the listeners that a Sidecar opens by itself, and to an application on a socket. */
interface Places {
  readonly folder: string;
  readonly app: number;
  readonly other: number;
  readonly egress: number;
  readonly proxy: number;
  readonly tcp: number;
  readonly https: number;
  readonly mutual: number;
}

const mesh = ({ folder, app, other, egress, proxy, tcp, https, mutual }: Places): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: socket, namespace: shop}
spec:
  hosts: [socket.shop.svc.cluster.local]
  ports: [{number: ${egress}, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: "unix://${folder}/app.sock"}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart.shop.svc.cluster.local]
  ports: [{number: ${egress}, name: http, targetPort: ${app}}, {number: ${tcp}, name: tcp, targetPort: ${app}}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: by-name, namespace: shop}
spec:
  hosts: [by-name.example.com]
  ports: [{number: ${egress}, name: http}]
  resolution: DNS
  endpoints: [{address: localhost, ports: {http: ${app}}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: way-out, namespace: edge}
spec:
  hosts: [out.edge.svc.cluster.local]
  ports: [{number: 3128, name: http, targetPort: ${other}}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress:
  - {port: {number: ${egress}, name: http, protocol: HTTP}, hosts: ["./*"]}
  - {port: {number: 0, name: http-unix, protocol: HTTP}, bind: "unix://${folder}/egress.sock", hosts: ["./*"]}
  - {port: {number: ${proxy}, name: proxy, protocol: HTTP_PROXY}, hosts: ["./cart.shop.svc.cluster.local"]}
  - {port: {number: ${tcp}, name: tcp, protocol: TCP}, bind: 127.0.0.1, hosts: ["./*"]}
  outboundTrafficPolicy:
    mode: ALLOW_ANY
    egressProxy: {host: out.edge.svc.cluster.local}
  ingress:
  - port: {number: ${https}, name: https, protocol: HTTPS}
    bind: 127.0.0.1
    defaultEndpoint: unix://${folder}/app.sock
    tls: {mode: SIMPLE, serverCertificate: ${folder}/cert.pem, privateKey: ${folder}/key.pem}
  - port: {number: ${mutual}, name: mutual, protocol: HTTPS}
    bind: 127.0.0.1
    defaultEndpoint: 127.0.0.1:${app}
    tls:
      mode: MUTUAL
      serverCertificate: ${folder}/cert.pem
      privateKey: ${folder}/key.pem
      caCertificates: ${folder}/ca.pem
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: DISABLE}}
`;

let places: Places;
let apps: Upstream[] = [];
let client: TlsIdentity;
const closing: (() => void)[] = [];

beforeAll(async () => {
  const folder = tempDir('q-sidecar-');
  apps = await Promise.all(['app', 'other'].map(startUpstream));
  const [app = 0, other = 0] = apps.map((each) => each.port);
  const [egress = 0, proxy = 0, tcp = 0, https = 0, mutual = 0] = await freePorts(5);
  places = { folder, app, other, egress, proxy, tcp, https, mutual };
  await startSocketApp(join(folder, 'app.sock'));
  const web = await TestCa.create();
  const server = await web.issue([{ type: 'dns', value: 'shop.example.com' }]);
  client = await web.issue([{ type: 'dns', value: 'client.example.com' }]);
  writeFileSync(join(folder, 'cert.pem'), server.certChain);
  writeFileSync(join(folder, 'key.pem'), server.privateKey);
  writeFileSync(join(folder, 'ca.pem'), server.roots);
  await startSidecar({
    config: mesh(places),
    nodeId: 'sidecar~10.0.0.1~app.shop~shop.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE' },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/shop/sa/app'),
  });
}, 60_000);

afterAll(() => {
  apps.forEach((each) => each.close());
  closing.forEach((close) => close());
});

async function startSocketApp(path: string): Promise<void> {
  const server = createServer((_, response) => response.end('on a socket'));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
}

function get(target: { port: number } | { socketPath: string }, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      ...('port' in target ? { host: '127.0.0.1' } : {}),
      ...target,
      headers: { host },
      agent: false,
    };
    const call = request(options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
    call.on('error', reject);
    call.end();
  });
}

/** All that is answered to a request; empty where the connection is refused in whatever way. */
function exchange(socket: Socket, ready: string, headers = ''): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on(ready, () => socket.write(`GET / HTTP/1.1\r\nhost: a\r\n${headers}connection: close\r\n\r\n`));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

describe('egress', () => {
  it('by a port serves what is imported, on sockets and by name too', async () => {
    const { egress } = places;
    expect(await get({ port: egress }, 'cart')).toBe('200 app');
    expect(await get({ port: egress }, 'socket.shop')).toBe('200 on a socket');
    expect(await get({ port: egress }, 'by-name.example.com')).toBe('200 app');
  });

  it('by a socket serves every port, which the request names', async () => {
    const socketPath = join(places.folder, 'egress.sock');
    expect(await get({ socketPath }, `cart:${places.egress}`)).toBe('200 app');
    expect(await get({ socketPath }, `socket.shop.svc.cluster.local:${places.egress}`)).toBe(
      '200 on a socket',
    );
  });

  it('by an explicit proxy serves what that listener imports', async () => {
    expect((await viaProxy(places.proxy, `http://cart:${places.egress}/`)).body).toBe('app');
  });

  it('of another protocol carries bytes', async () => {
    expect(await exchange(connectPlain(places.tcp, '127.0.0.1'), 'connect')).toMatch(/^HTTP\/1.1 200 .*app/s);
  });

  it('of what nobody knows goes to the egress proxy', async () => {
    expect(await get({ port: places.egress }, 'unknown.example.com')).toBe('200 other');
    expect((await viaProxy(places.proxy, `http://socket.shop:${places.egress}/`)).body).toBe('other');
  });
});

describe('ingress with TLS of its own', () => {
  const overTls = (port: number, identity?: TlsIdentity, headers?: string): Promise<string> => {
    const credentials = identity && { cert: identity.certChain, key: identity.privateKey };
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, ...credentials };
    return exchange(connectTls(options), 'secureConnect', headers);
  };

  it('SIMPLE takes whoever speaks TLS, and no plain text', async () => {
    expect(await overTls(places.https)).toMatch(/^HTTP\/1.1 200 .*on a socket/s);
    expect(await exchange(connectPlain(places.https, '127.0.0.1'), 'connect')).toBe('');
  });

  it('MUTUAL asks for a certificate, and believes no other that the client claims', async () => {
    expect(await overTls(places.mutual)).toBe('');
    const forged = 'x-forwarded-client-cert: URI=spiffe://cluster.local/ns/shop/sa/forged\r\n';
    expect(await overTls(places.mutual, client, forged)).toMatch(/^HTTP\/1.1 200 .*app/s);
    const seen = apps[0]?.seen.at(-1)?.headers['x-forwarded-client-cert'];
    expect(seen).toContain('DNS=client.example.com');
    expect(seen).not.toContain('forged');
  });
});

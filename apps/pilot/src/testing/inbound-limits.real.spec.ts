import type { ClientHttp2Session } from 'node:http2';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RunningEnvoy } from '#common/testing';
import { freePorts, until } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { AnyApp } from './any-app.js';
import { startAnyApp } from './any-app.js';
import { getHttp1 } from './connections.js';
import { startSidecar } from './running-sidecar.js';

/** What a Sidecar's inbound connection pools do to those who connect to its application. */
const mesh = (app: number, streams: number, [tcp, http, one, many]: readonly number[]): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: app}
spec:
  inboundConnectionPool:
    tcp: {idleTimeout: 2s}
  ingress:
  - {port: {number: ${tcp}, protocol: TCP, name: tcp}, bind: 127.0.0.1, defaultEndpoint: "127.0.0.1:${app}"}
  - port: {number: ${http}, protocol: HTTP, name: http}
    bind: 127.0.0.1
    defaultEndpoint: 127.0.0.1:${app}
    connectionPool: {http: {idleTimeout: 1s}}
  - port: {number: ${one}, protocol: HTTP2, name: one}
    bind: 127.0.0.1
    defaultEndpoint: 127.0.0.1:${streams}
    connectionPool: {http: {maxConcurrentStreams: 1}}
  - port: {number: ${many}, protocol: HTTP2, name: many}
    bind: 127.0.0.1
    defaultEndpoint: 127.0.0.1:${streams}
    connectionPool: {http: {maxConcurrentStreams: 2}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: app}
spec: {mtls: {mode: DISABLE}}
`;

let app: AnyApp;
let ports: number[] = [];
let envoy: RunningEnvoy;
const closing: (() => void)[] = [];

beforeAll(async () => {
  app = await startAnyApp('app');
  closing.push(() => app.close());
  ports = await freePorts(4);
  envoy = await startSidecar({
    config: mesh(app.port, await startSilentHttp2(), ports),
    nodeId: 'sidecar~10.0.0.1~app.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE' },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/app'),
  });
}, 60_000);

afterAll(() => closing.forEach((close) => close()));

/** Takes requests and answers none. */
async function startSilentHttp2(): Promise<number> {
  const server = createHttp2Server(() => undefined);
  server.on('session', (session) => closing.push(() => session.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const stat = async (port: number | undefined, name: string): Promise<number> =>
  [...(await envoy.stats(`^cluster\\.inbound[^.]*${port}[^.]*\\.${name}$`)).values()][0] ?? 0;

it('a connection of which nothing is heard ends', async () => {
  const socket = connect(ports[0] ?? 0, '127.0.0.1', () => socket.write('hi'));
  const answered = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  const ended = new Promise<void>((resolve) => socket.once('end', resolve));
  expect(await answered).toMatch(/^app tcp:/);
  await ended;
});

it('one to the application that no request needs ends, too', async () => {
  expect(await getHttp1({ host: '127.0.0.1', port: ports[1] ?? 0 })).toMatch(/app http\/1.1$/);
  await until(async () => (await stat(ports[1], 'upstream_cx_idle_timeout')) === 1, { what: 'its end' });
});

it.each([
  ['one stream at a time', 2, 2],
  ['two', 3, 1],
])('a connection to the application takes %s', async (_, port, connections) => {
  const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${ports[port]}`);
  closing.push(() => session.destroy());
  for (const path of ['/a', '/b']) session.request({ ':path': path }).on('error', () => undefined);
  await until(async () => (await stat(ports[port], 'upstream_rq_active')) === 2, { what: 'two requests' });
  expect(await stat(ports[port], 'upstream_cx_active')).toBe(connections);
});

import type { IncomingHttpHeaders } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePorts } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';

/** What DestinationRules say of connections that are no HTTP, through listeners of a real Envoy. */
interface Ports {
  readonly idle: number;
  readonly hashed: number;
  readonly tunnelled: number;
  readonly posted: number;
}

const service = (name: string, port: number, targets: readonly number[], policy: string): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.default.svc.cluster.local]
  ports: [{number: ${port}, name: tcp}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [${targets.map((target) => `{address: 127.0.0.1, ports: {tcp: ${target}}}`).join(', ')}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec:
  host: ${name}
  trafficPolicy: {${policy}}
`;

let ports: Ports;
const closing: (() => void)[] = [];
const asked: { method: string; url: string; headers: IncomingHttpHeaders }[] = [];

beforeAll(async () => {
  const [idle = 0, hashed = 0, tunnelled = 0, posted = 0] = await freePorts(4);
  ports = { idle, hashed, tunnelled, posted };
  const echoes = await Promise.all(Array.from({ length: 5 }, (_, n) => startEcho(`echo ${n}`)));
  const tunnel = await startTunnelServer();
  const listeners = Object.entries(ports).map(
    ([name, port]) =>
      `  - {port: {number: ${port}, name: tcp-${name}, protocol: TCP}, bind: 127.0.0.1, hosts: ["./*"]}`,
  );
  await startSidecar({
    config: [
      service('idle', idle, echoes.slice(0, 1), 'connectionPool: {tcp: {idleTimeout: 2s}}'),
      service('hashed', hashed, echoes, 'loadBalancer: {consistentHash: {useSourceIp: true}}'),
      service('tunnelled', tunnelled, [tunnel], 'tunnel: {targetHost: db.example.com, targetPort: 3306}'),
      service(
        'posted',
        posted,
        [tunnel],
        'tunnel: {protocol: POST, targetHost: db.example.com, targetPort: 3306}',
      ),
      `---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec:
  egress:
${listeners.join('\n')}
`,
    ].join(''),
    nodeId: 'sidecar~10.0.0.1~client.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE' },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client'),
  });
}, 60_000);

afterAll(() => closing.forEach((close) => close()));

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Says its name, then repeats what it hears. */
function startEcho(name: string): Promise<number> {
  return listening(createServer((socket) => socket.write(`${name}\n`) && socket.pipe(socket)));
}

/** Takes CONNECT and POST, and repeats what comes through. */
function startTunnelServer(): Promise<number> {
  const server = createHttpServer((request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    response.writeHead(200).flushHeaders();
    request.pipe(response);
  });
  server.on('connect', ({ method = '', url = '', headers }, socket: Socket) => {
    asked.push({ method, url, headers });
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(socket);
  });
  return listening(server);
}

/** Writes to a port and reads until `wanted` characters have come. */
function talk(port: number, text: string, wanted: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(heard)}`)));
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString();
      if (heard.length < wanted) return;
      socket.removeAllListeners('close').destroy();
      resolve(heard);
    });
  });
}

it('a connection on which nothing happens ends', async () => {
  const start = performance.now();
  await expect(talk(ports.idle, 'a', 100)).rejects.toThrow('closed after "echo 0\\na"');
  expect(performance.now() - start).toBeGreaterThan(1_900);
});

it('a client stays with one endpoint where its address is hashed', async () => {
  const names = await Promise.all(Array.from({ length: 20 }, () => talk(ports.hashed, '', 7)));
  expect(new Set(names).size).toBe(1);
});

it('a tunnel asks the proxy for its target', async () => {
  expect(await talk(ports.tunnelled, 'through', 7)).toBe('through');
  expect(asked.at(-1)).toMatchObject({
    method: 'CONNECT',
    url: 'db.example.com:3306',
    headers: { host: 'db.example.com:3306' },
  });
});

it('a tunnel may be a POST', async () => {
  expect(await talk(ports.posted, 'through', 7)).toBe('through');
  expect(asked.at(-1)).toMatchObject({ method: 'POST', headers: { host: 'db.example.com:3306' } });
});

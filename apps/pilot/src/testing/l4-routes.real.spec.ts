import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import { freePorts } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { AnyApp } from './any-app.js';
import { startAnyApp } from './any-app.js';
import { say, sayOverTls } from './connections.js';
import { startSidecar } from './running-sidecar.js';

/** What VirtualServices make of TLS and TCP connections, through the real Envoy of a client. */
const TCP_VIP = '127.81.0.1';
const TLS_VIP = '127.81.0.2';

interface Ports {
  readonly tcp: number;
  readonly tls: number;
  readonly shared: number;
}

const entry = (name: string, host: string, more: string, year = 2020): string => `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, creationTimestamp: "${year}-01-01T00:00:00Z"}
spec: {hosts: [${host}], resolution: STATIC, ${more}}
`;

const subsets = (name: string, ports: readonly number[], portName: string): string => {
  const endpoints = ports.map(
    (port, n) => `{address: 127.0.0.1, ports: {${portName}: ${port}}, labels: {v: v${n}}}`,
  );
  return `endpoints: [${endpoints.join(', ')}]`;
};

function mesh({ tcp, tls, shared }: Ports, plain: readonly number[], secured: readonly number[]): string {
  const rule = (host: string): string => `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host}}
spec: {host: ${host}, subsets: [{name: v0, labels: {v: v0}}, {name: v1, labels: {v: v1}}]}
`;
  const tcpPort = `ports: [{number: ${tcp}, name: tcp, protocol: TCP}]`;
  const tlsPort = `ports: [{number: ${tls}, name: tls, protocol: TLS}]`;
  return [
    entry(
      'db',
      'db.default.svc.cluster.local',
      `addresses: [${TCP_VIP}], ${tcpPort}, ${subsets('db', plain, 'tcp')}`,
    ),
    entry(
      'web',
      'web.default.svc.cluster.local',
      `addresses: [${TLS_VIP}], ${tlsPort}, ${subsets('web', secured, 'tls')}`,
    ),
    rule('db'),
    rule('web'),
    // Two of one port without an address: the older has it.
    entry(
      'old',
      'z-old.example.com',
      `ports: [{number: ${shared}, name: tcp, protocol: TCP}], ${subsets('old', plain.slice(0, 1), 'tcp')}`,
    ),
    entry(
      'younger',
      'a-younger.example.com',
      `ports: [{number: ${shared}, name: tcp, protocol: TCP}], ${subsets('younger', plain.slice(1), 'tcp')}`,
      2021,
    ),
    `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: db}
spec:
  hosts: [db]
  tcp:
  - match: [{sourceSubnet: 127.82.0.0/16}]
    route: [{destination: {host: db, subset: v1}}]
  - route:
    - {destination: {host: db, subset: v0}, weight: 80}
    - {destination: {host: db, subset: v1}, weight: 20}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web, "*.example.com"]
  tls:
  - match: [{sniHosts: [a.example.com]}]
    route: [{destination: {host: web, subset: v0}}]
  - match: [{sniHosts: ["*.example.com"]}]
    route: [{destination: {host: web, subset: v1}}]
`,
  ].join('');
}

let ports: Ports;
let apps: AnyApp[] = [];
const closing: (() => void)[] = [];

beforeAll(async () => {
  const [tcp = 0, tls = 0, shared = 0] = await freePorts(3);
  ports = { tcp, tls, shared };
  apps = await Promise.all(['v0', 'v1'].map((name) => startAnyApp(name)));
  const ca = await TestCa.create();
  const identity = await ca.issue([{ type: 'dns', value: 'a.example.com' }]);
  const secured = await Promise.all(['v0', 'v1'].map((name) => startTlsApp(name, identity)));
  await startSidecar({
    config: mesh(
      ports,
      apps.map((app) => app.port),
      secured,
    ),
    nodeId: 'sidecar~10.0.0.1~client.default~default.svc.cluster.local',
    metadata: {},
    identity: await ca.issue('spiffe://cluster.local/ns/default/sa/client'),
    uncaptured: true,
  });
}, 60_000);

afterAll(() => {
  for (const app of apps) app.close();
  for (const close of closing) close();
});

async function startTlsApp(name: string, { certChain, privateKey }: TlsIdentity): Promise<number> {
  const server = createServer({ cert: certChain, key: privateKey }, (socket) => socket.end(name));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('TLS', () => {
  const ask = (servername: string): Promise<string> =>
    sayOverTls({ host: TLS_VIP, port: ports.tls }, 'hi', /^v\d$/, { servername });

  it.each([
    ['a.example.com', 'v0'],
    ['A.EXAMPLE.COM', 'v0'],
    ['b.example.com', 'v1'],
    ['c.b.example.com', 'v1'],
  ])('%s goes to %s', async (name, expected) => expect(await ask(name)).toBe(expected));

  it('what no route takes goes nowhere', async () => expect(await ask('example.org')).toBe(''));
});

describe('TCP', () => {
  const ask = (from?: string): Promise<string> =>
    say({ host: TCP_VIP, port: ports.tcp, ...(from !== undefined && { from }) }, 'hi', /hi$/);

  it('divides by weight', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => ask('127.0.0.1')));
    const toV1 = answers.filter((answer) => answer === 'v1 tcp:hi').length;
    expect(answers.filter((answer) => answer === 'v0 tcp:hi')).toHaveLength(300 - toV1);
    // Six standard deviations of a binomial distribution with p = 0.2.
    expect(Math.abs(toV1 - 60)).toBeLessThan(42);
  });

  it('tells clients apart by their addresses', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask('127.82.0.9')));
    expect(new Set(answers)).toEqual(new Set(['v1 tcp:hi']));
  });

  it('gives a port that two want to the older', async () => {
    expect(await say({ host: '127.81.0.9', port: ports.shared }, 'hi', /hi$/)).toBe('v0 tcp:hi');
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Call, Outcome } from '#app/pilot';
import { freePorts } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import type { Backend } from './support/backend.js';
import { tcpBackend, tlsBackend } from './support/backend.js';
import { tcp, tls } from './support/calls.js';
import type { Proxy } from './support/proxy.js';
import { startProxy } from './support/proxy.js';

/** Services by address: what is said over their connections decides nothing. */
function entry(
  name: string,
  address: string,
  protocol: string,
  port: number,
  backends: readonly Backend[],
): string {
  const rows = backends.map((backend) => `  - {address: 127.0.0.1, ports: {p: ${backend.port}}}`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.example.com]
  addresses: [${address}]
  ports: [{number: ${port}, name: p, protocol: ${protocol}}]
  resolution: STATIC
  endpoints:
${rows.join('\n')}
---`;
}

/** What VirtualServices say of connections: by server name, by address, and by weight. */
const routes = (tlsPort: number): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge}
spec:
  hosts: ["*.edge.example.com"]
  tls:
  - match: [{port: ${tlsPort}, sniHosts: [a.edge.example.com]}]
    route: [{destination: {host: secret.example.com}}]
  - match: [{port: ${tlsPort}, sniHosts: ["*.edge.example.com"]}]
    route: [{destination: {host: private.example.com}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: moved}
spec:
  hosts: [moved.example.com]
  tcp:
  - match: [{sourceLabels: {app: other}}]
    route: [{destination: {host: one.example.com}}]
  - route: [{destination: {host: two.example.com}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: split}
spec:
  hosts: [split.example.com]
  tcp:
  - route:
    - {destination: {host: one.example.com}, weight: 75}
    - {destination: {host: two.example.com}, weight: 25}
---`;

interface ConnectionCase {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly sni?: string;
  readonly heard: RegExp;
  readonly cluster: string;
}

/** Places of ports in the mesh of the test: 0 for TCP, 1 for TLS. */
const CASES: readonly ConnectionCase[] = [
  { name: 'one address', address: '127.90.0.1', port: 0, heard: /^one:hello/, cluster: 'one' },
  {
    name: 'another address on the same port',
    address: '127.90.0.2',
    port: 0,
    heard: /^two:hello/,
    cluster: 'two',
  },
  {
    name: 'a server that speaks first',
    address: '127.90.0.3',
    port: 0,
    heard: /^first speaks/,
    cluster: 'first',
  },
  {
    name: 'TLS by its server name',
    address: '127.90.1.1',
    port: 1,
    sni: 'secret.example.com',
    heard: /^secret:secret.example.com/,
    cluster: 'secret',
  },
  {
    name: 'TLS by another name at the same address',
    address: '127.90.1.1',
    port: 1,
    sni: 'private.example.com',
    heard: /^private:private.example.com/,
    cluster: 'private',
  },
  { name: 'MongoDB', address: '127.90.0.4', port: 0, heard: /^mongo:hello/, cluster: 'mongo' },
];

const EDGE = { address: '127.90.1.3', port: 1 };
const ROUTED: readonly ConnectionCase[] = [
  {
    ...EDGE,
    name: 'a server name that is routed',
    sni: 'a.edge.example.com',
    heard: /^secret:a.edge/,
    cluster: 'secret',
  },
  {
    ...EDGE,
    name: 'a wildcard of server names',
    sni: 'b.edge.example.com',
    heard: /^private:b.edge/,
    cluster: 'private',
  },
  {
    name: 'another host by its address',
    address: '127.90.0.5',
    port: 0,
    heard: /^two:hello/,
    cluster: 'two',
  },
];

describe('a connection comes to', () => {
  let proxy: Proxy;
  let ports: readonly number[] = [];

  beforeAll(async () => {
    const ca = await TestCa.create();
    const identity = await ca.issue([{ type: 'dns', value: 'secret.example.com' }]);
    ports = await freePorts(2);
    const [tcpPort = 0, tlsPort = 0] = ports;
    const [one, two, first, mongo] = await Promise.all([
      tcpBackend('one'),
      tcpBackend('two'),
      tcpBackend('first', true),
      tcpBackend('mongo'),
    ]);
    const [secret, hidden] = await Promise.all([
      tlsBackend('secret', identity),
      tlsBackend('private', identity),
    ]);
    const config = [
      entry('one', '127.90.0.1', 'TCP', tcpPort, [one as Backend]),
      entry('two', '127.90.0.2', 'TCP', tcpPort, [two as Backend]),
      entry('first', '127.90.0.3', 'TCP', tcpPort, [first as Backend]),
      entry('moved', '127.90.0.5', 'TCP', tcpPort, [one as Backend]),
      entry('split', '127.90.0.6', 'TCP', tcpPort, [one as Backend]),
      entry('*.edge', '127.90.1.3', 'TLS', tlsPort, [secret as Backend])
        .replace('name: *.edge', 'name: edge')
        .replace('[*.edge.example.com]', '["*.edge.example.com"]'),
      routes(tlsPort),
      entry('mongo', '127.90.0.4', 'MONGO', tcpPort, [mongo as Backend]),
      entry('secret', '127.90.1.1', 'TLS', tlsPort, [secret as Backend]),
      entry('private', '127.90.1.1', 'TLS', tlsPort, [hidden as Backend]),
    ].join('');
    proxy = await startProxy({
      config,
      address: '127.77.0.2',
      name: 'client',
      identity: await ca.issue('spiffe://cluster.local/ns/default/sa/client'),
    });
  }, 60_000);

  it.each([...CASES, ...ROUTED])('$name', async ({ address, port: place, sni, heard, cluster }) => {
    const port = ports[place] ?? 0;
    const answer = sni
      ? await tls(address, port, 'hello', { sni })
      : await tcp(address, port, 'hello', 'speaks');
    expect(answer).toMatch(heard);
    const call: Call = { destination: { address, port }, ...(sni && { tls: { sni } }) };
    const outcome = proxy.simulate(call) as Extract<Outcome, { kind: 'tcp' }>;
    expect(outcome.kind).toBe('tcp');
    expect(outcome.targets.map((target) => target.cluster)).toEqual([
      `outbound|${port}||${cluster}.example.com`,
    ]);
  });

  it('several destinations by weight', async () => {
    const port = ports[0] ?? 0;
    const answers = await Promise.all(Array.from({ length: 200 }, () => tcp('127.90.0.6', port, 'hello')));
    const second = answers.filter((answer) => answer.startsWith('two')).length;
    // Six standard deviations of a binomial distribution with p = 0.25.
    expect(Math.abs(second - 50)).toBeLessThan(37);
    const outcome = proxy.simulate({ destination: { address: '127.90.0.6', port } });
    expect(outcome).toMatchObject({ kind: 'tcp', targets: [{ weight: 75 }, { weight: 25 }] });
  });
});

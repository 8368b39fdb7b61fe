import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Outcome } from '#app/pilot';
import type { TlsIdentity } from '#common/identity';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { httpBackend, tcpBackend } from './support/backend.js';
import { http, tcp, tls } from './support/calls.js';
import type { Proxy } from './support/proxy.js';
import { startProxy } from './support/proxy.js';

const SERVER = '127.88.0.1';
const SERVERS = ['strict', 'permissive', 'disabled', 'tcp'] as const;
const CLIENTS = ['auto', 'mutual', 'plain'] as const;
type Server = (typeof SERVERS)[number];
type Client = (typeof CLIENTS)[number];

/** Every server listens on a port of its own, one workload for all. */
function mesh(ports: Readonly<Record<Server, number>>): string {
  const service = (name: Server): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.default.svc.cluster.local]
  ${name === 'tcp' ? 'addresses: [127.90.2.1]' : ''}
  ports: [{number: ${ports[name]}, name: ${name === 'tcp' ? 'tcp' : 'http'}}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: server}}
---`;
  const rule = (client: Client, mode: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${client}}
spec:
  host: "*.default.svc.cluster.local"
  workloadSelector: {matchLabels: {app: ${client}}}
  trafficPolicy: {tls: {mode: ${mode}}}
---`;
  // Nothing redirects connections here, so none has an original destination to pass on to.
  const localhost = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "inboundTrafficPolicy: {mode: LOCALHOST}"}
---`;
  return `${localhost}${SERVERS.map(service).join('')}${rule('mutual', 'ISTIO_MUTUAL')}${rule('plain', 'DISABLE')}
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: server}
spec: {address: ${SERVER}, labels: {app: server, security.istio.io/tlsMode: istio}, serviceAccount: server}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: server}
spec:
  selector: {matchLabels: {app: server}}
  mtls: {mode: STRICT}
  portLevelMtls:
    "${ports.permissive}": {mode: PERMISSIVE}
    "${ports.disabled}": {mode: DISABLE}
    "${ports.tcp}": {mode: PERMISSIVE}
`;
}

/** How a client's request comes to a server: as the mesh's, in plain text, or not at all. */
const PAIRS: readonly (readonly [Client, Server, 'mutual' | 'plain' | 'refused'])[] = [
  ['auto', 'strict', 'mutual'],
  ['auto', 'permissive', 'mutual'],
  ['auto', 'disabled', 'plain'],
  ['mutual', 'strict', 'mutual'],
  ['mutual', 'permissive', 'mutual'],
  ['mutual', 'disabled', 'refused'],
  ['plain', 'strict', 'refused'],
  ['plain', 'permissive', 'plain'],
  ['plain', 'disabled', 'plain'],
];

describe('mutual TLS', () => {
  let ca: TestCa;
  let ports: Record<Server, number>;
  let server: Proxy;
  let identity: TlsIdentity;
  const clients = new Map<Client, Proxy>();

  beforeAll(async () => {
    ca = await TestCa.create();
    const backends = await Promise.all([
      httpBackend('strict'),
      httpBackend('permissive'),
      httpBackend('disabled'),
      tcpBackend('tcp'),
    ]);
    ports = Object.fromEntries(backends.map(({ name, port }) => [name, port])) as Record<Server, number>;
    const config = mesh(ports);
    identity = await ca.issue('spiffe://cluster.local/ns/default/sa/client');
    server = await startProxy({
      config,
      address: SERVER,
      name: 'server',
      metadata: { LABELS: { app: 'server' }, WORKLOAD_ENTRY: 'server' },
      identity: await ca.issue('spiffe://cluster.local/ns/default/sa/server'),
      bind: '127.88.0.2',
    });
    for (const [index, name] of CLIENTS.entries()) clients.set(name, await startClient(config, name, index));
  }, 60_000);

  /** The clients' proxies share this host: each has its listeners at an address of its own. */
  async function startClient(config: string, name: Client, index: number): Promise<Proxy> {
    const own = `127.89.0.${index + 1}`;
    return startProxy({
      config,
      address: own,
      name,
      metadata: { LABELS: { app: name } },
      identity,
      bind: own,
    });
  }

  it.each(PAIRS)('from %s to %s is %s', async (from, to, expected) => {
    const client = clients.get(from) as Proxy;
    const port = ports[to];
    const address = `127.89.0.${CLIENTS.indexOf(from) + 1}`;
    const { status, served } = await http({ address, port, authority: to });
    expect(status).toBe(expected === 'refused' ? 503 : 200);
    const certificate = served?.headers['x-forwarded-client-cert'];
    if (expected === 'mutual')
      expect(certificate).toContain('URI=spiffe://cluster.local/ns/default/sa/client');
    else expect(certificate).toBeUndefined();
    expectForeseen(client, to, expected);
  });

  function expectForeseen(client: Proxy, to: Server, expected: 'mutual' | 'plain' | 'refused'): void {
    const request = { method: 'GET', authority: to, path: '/' };
    const sent = client.simulate({ destination: { address: '10.0.0.1', port: ports[to] }, http: request });
    const { action } = sent as Extract<Outcome, { kind: 'http' }>;
    const [target] = action.kind === 'forward' ? action.targets : [];
    const upstream = target?.endpoints?.[0]?.tls;
    const came = server.simulate({
      destination: { address: SERVER, port: ports[to] },
      direction: 'inbound',
      ...(upstream && { tls: upstream }),
      http: request,
    });
    const ends = came.kind === 'http' ? (came.endsTls ?? 'plain') : 'refused';
    expect(ends).toBe(expected);
  }

  it('carries WebSockets through both sidecars', async () => {
    const upgrade =
      'GET /socket HTTP/1.1\r\nhost: strict\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
      'sec-websocket-version: 13\r\nsec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\nhello';
    expect(await tcp('127.89.0.1', ports.strict, upgrade, 'strict:hello')).toMatch(
      /^HTTP\/1.1 101 .*strict:hello$/s,
    );
  });

  it('carries other protocols, too', async () => {
    for (const own of ['127.89.0.1', '127.89.0.2', '127.89.0.3'])
      expect(await tcp(own, ports.tcp, 'hello')).toBe('tcp:hello');
  });

  const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

  it('refuses callers without a proxy where it is strict', async () => {
    expect(await tcp(SERVER, ports.strict, REQUEST)).not.toMatch(/200 OK/);
    expect(await tls(SERVER, ports.strict, REQUEST, { alpn: ['istio'] })).toBe('');
    const stranger = await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client');
    expect(await tls(SERVER, ports.strict, REQUEST, { alpn: ['istio'], identity: stranger })).toBe('');
  });

  it('takes them where it is not', async () => {
    expect(await tcp(SERVER, ports.permissive, REQUEST)).toMatch(/200 OK/);
    expect(await tcp(SERVER, ports.disabled, REQUEST)).toMatch(/200 OK/);
  });

  it('takes the certificate of the mesh from anybody who has it', async () => {
    expect(await tls(SERVER, ports.strict, REQUEST, { alpn: ['istio'], identity })).toMatch(/200 OK/);
  });
});

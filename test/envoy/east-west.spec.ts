import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Outcome } from '#app/pilot';
import { freePort } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { httpBackend, tcpBackend } from './support/backend.js';
import { http, tcp, tls } from './support/calls.js';
import type { HttpAnswer } from './support/calls.js';
import type { Proxy } from './support/proxy.js';
import { startProxy } from './support/proxy.js';

const CLIENT = '127.92.0.1';
const GATEWAY = '127.92.0.2';
const SERVERS = { v1: '127.92.1.1', v2: '127.92.1.2' } as const;
type Version = keyof typeof SERVERS;
const HOST = 'echo.default.svc.cluster.local';

interface Ports {
  /** Of the service, its HTTP and its TCP port: the applications listen there, too. */
  readonly web: number;
  readonly raw: number;
  /** Of the gateway. */
  readonly gateway: number;
}

const strict = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "inboundTrafficPolicy: {mode: LOCALHOST}"}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: echo}
spec:
  host: echo
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---`;

const echo = (ports: Ports, rest: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: echo}
spec:
  hosts: [${HOST}]
  addresses: [127.92.9.9]
  ports: [{number: ${ports.web}, name: http}, {number: ${ports.raw}, name: tcp}]
  location: MESH_INTERNAL
  resolution: STATIC
  ${rest}
---`;

/** The network of the clients: all that they know of the service is the gateway of the other network. */
function here(ports: Ports): string {
  const endpoint = (version: Version): string =>
    `{address: ${GATEWAY}, ports: {http: ${ports.gateway}, tcp: ${ports.gateway}}, labels: {version: ${version}}, serviceAccount: echo}`;
  return `${strict}${echo(ports, `endpoints: [${endpoint('v1')}, ${endpoint('v2')}]`)}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo}
spec:
  hosts: [echo]
  http:
  - match: [{uri: {prefix: /v1}}]
    route: [{destination: {host: echo, subset: v1}}]
  - match: [{uri: {prefix: /v2}}]
    route: [{destination: {host: echo, subset: v2}}]
  - route: [{destination: {host: echo}}]
`;
}

/** The network of the service, and of its east-west gateway. */
function there(ports: Ports): string {
  const workload = (version: Version): string => `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: echo-${version}}
spec:
  address: ${SERVERS[version]}
  labels: {app: echo, version: ${version}, security.istio.io/tlsMode: istio}
  serviceAccount: echo
---`;
  return `${strict}${echo(ports, 'workloadSelector: {labels: {app: echo}}')}
${workload('v1')}${workload('v2')}

apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: hidden}
spec:
  hosts: [hidden.example.com]
  ports: [{number: ${ports.web}, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: echo}}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: east-west}
spec:
  selector: {istio: eastwest}
  servers:
  - port: {number: ${ports.gateway}, name: tls, protocol: TLS}
    hosts: ["*.local"]
    tls: {mode: AUTO_PASSTHROUGH}
`;
}

/** A sidecar, an east-west gateway of another network, and the sidecars behind it: three real Envoys in a row. */
describe('through a gateway that passes the TLS of the mesh on', () => {
  let ca: TestCa;
  let ports: Ports;
  let client: Proxy;
  let gateway: Proxy;
  const servers = new Map<Version, Proxy>();

  beforeAll(async () => {
    ca = await TestCa.create();
    const [web, raw] = await Promise.all([httpBackend('web'), tcpBackend('raw')]);
    ports = { web: web.port, raw: raw.port, gateway: await freePort() };
    const identity = (account: string) => ca.issue(`spiffe://cluster.local/ns/default/sa/${account}`);
    for (const version of ['v1', 'v2'] as const) {
      const server = await startProxy({
        ...{ config: there(ports), address: SERVERS[version], name: `echo-${version}` },
        metadata: { LABELS: { app: 'echo', version }, WORKLOAD_ENTRY: `echo-${version}` },
        identity: await identity('echo'),
        bind: '127.92.8.8',
      });
      servers.set(version, server);
    }
    gateway = await startProxy({
      ...{ config: there(ports), type: 'router', address: GATEWAY, name: 'gateway', bind: GATEWAY },
      metadata: { LABELS: { istio: 'eastwest' } },
      // It needs none: what it passes on it cannot read.
      identity: await (await TestCa.create()).issue('spiffe://other.example/ns/x/sa/gateway'),
    });
    client = await startProxy({
      ...{ config: here(ports), address: CLIENT, name: 'client', bind: CLIENT },
      identity: await identity('client'),
    });
  }, 60_000);

  const ask = (path: string): Promise<HttpAnswer> =>
    http({ address: CLIENT, port: ports.web, authority: 'echo', path });
  const came = async (version: Version): Promise<number> =>
    (await servers.get(version)!.envoy.stats('downstream_rq_total')).get(
      `http.inbound_0.0.0.0_${ports.web}.downstream_rq_total`,
    ) ?? 0;

  it.each(['v1', 'v2'] as const)('a request reaches the subset %s, as the mesh', async (version) => {
    const before = await came(version);
    for (let n = 0; n < 5; n++) {
      const { status, served } = await ask(`/${version}`);
      expect(status).toBe(200);
      expect(served?.headers['x-forwarded-client-cert']).toContain(
        'URI=spiffe://cluster.local/ns/default/sa/client',
      );
    }
    expect((await came(version)) - before).toBe(5);
    expectForeseen(version);
  });

  /** What the simulators say of the same, hop by hop. */
  function expectForeseen(version: Version): void {
    const request = { method: 'GET', authority: 'echo', path: `/${version}` };
    const sent = client.simulate({ destination: { address: CLIENT, port: ports.web }, http: request });
    const { action } = sent as Extract<Outcome, { kind: 'http' }>;
    const [target] = action.kind === 'forward' ? action.targets : [];
    const through = target?.endpoints?.[0];
    expect(through?.address).toBe(`${GATEWAY}:${ports.gateway}`);
    expect(through?.tls?.sni).toBe(`outbound_.${ports.web}_.${version}_.${HOST}`);
    const passed = gateway.simulate({
      destination: { address: GATEWAY, port: ports.gateway },
      ...(through?.tls && { tls: through.tls }),
    });
    expect(passed).toMatchObject({
      kind: 'tcp',
      targets: [{ endpoints: [{ address: `${SERVERS[version]}:${ports.web}` }] }],
    });
  }

  it('requests without a subset reach the service, wherever a connection ends', async () => {
    const total = async (): Promise<number> => (await came('v1')) + (await came('v2'));
    const before = await total();
    for (let n = 0; n < 20; n++) expect((await ask('/any')).status).toBe(200);
    expect((await total()) - before).toBe(20);
  });

  it('bytes of other protocols do', async () => {
    expect(await tcp(CLIENT, ports.raw, 'hello', 'raw:hello')).toBe('raw:hello');
  });

  it('nobody without the certificate of the mesh reaches anything', async () => {
    const sni = `outbound_.${ports.web}_._.${HOST}`;
    const text = 'GET / HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n\r\n';
    const stranger = await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client');
    const own = await ca.issue('spiffe://cluster.local/ns/default/sa/other');
    const call = (identity: typeof own | undefined, name: string) =>
      tls(GATEWAY, ports.gateway, text, { sni: name, alpn: ['istio'], ...(identity && { identity }) });
    expect(await call(own, sni)).toMatch(/^HTTP\/1.1 200/);
    expect(await call(stranger, sni)).toBe('');
    expect(await call(undefined, sni)).toBe('');
    expect(await tcp(GATEWAY, ports.gateway, text)).toBe('');
  });

  it('hosts that its server does not have, or nobody, are not reached', async () => {
    const own = await ca.issue('spiffe://cluster.local/ns/default/sa/other');
    const text = 'GET / HTTP/1.1\r\nhost: echo\r\nconnection: close\r\n\r\n';
    for (const name of ['hidden.example.com', 'nobody.default.svc.cluster.local']) {
      const sni = `outbound_.${ports.web}_._.${name}`;
      expect(await tls(GATEWAY, ports.gateway, text, { sni, alpn: ['istio'], identity: own })).toBe('');
    }
  });
});

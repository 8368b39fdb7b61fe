import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import type { RunningEnvoy } from '#common/testing';
import { freePorts, tempDir, until } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

/** What MeshConfig says of TLS, paths, statistics and logs, at the inbound listeners of a real Envoy. */
function mesh(
  app: number,
  [strict = 0, plain = 0, tcp = 0, proxy = 0]: readonly number[],
  folder: string,
): string {
  const ingress = (port: number, protocol: string) =>
    `  - {port: {number: ${port}, protocol: ${protocol}, name: p${port}}, bind: 127.0.0.1, defaultEndpoint: "127.0.0.1:${app}"}`;
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: new.example
    trustDomainAliases: [old.example]
    meshMTLS: {minProtocolVersion: TLSV1_3}
    pathNormalization: {normalization: DECODE_AND_MERGE_SLASHES}
    outboundClusterStatName: "%SERVICE%_%SERVICE_PORT_NAME%"
    inboundClusterStatName: "in_%SERVICE_NAME%_%TARGET_PORT%"
    defaultHttpRetryPolicy: {attempts: 1, retryOn: "503", retryIgnorePreviousHosts: false}
    proxyHttpPort: ${proxy}
    accessLogFile: ${join(folder, 'access.log')}
    accessLogFormat: "%REQ_WITHOUT_QUERY(:PATH)% %PROTOCOL% %UPSTREAM_CLUSTER_RAW% %BYTES_RECEIVED% %DOWNSTREAM_PEER_URI_SAN%"
    defaultConfig: {proxyHeaders: {server: {value: the-mesh}, attemptCount: {disabled: true}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: app}
spec:
  hosts: [app.default.svc.cluster.local]
  ports: [{number: 80, targetPort: ${plain}, name: http-web, protocol: HTTP}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: app}
spec:
  ingress:
${[ingress(strict, 'HTTP'), ingress(plain, 'HTTP'), ingress(tcp, 'TCP')].join('\n')}
  egress: [{hosts: ["./*"]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  mtls: {mode: STRICT}
  portLevelMtls: {"${plain}": {mode: DISABLE}, "${tcp}": {mode: DISABLE}}
`;
}

const folder = tempDir('q-mesh-');
let ca: TestCa;
let app: Upstream;
let envoy: RunningEnvoy;
let ports: number[] = [];

beforeAll(async () => {
  [ca, app, ports] = await Promise.all([TestCa.create(), startUpstream('app'), freePorts(4)]);
  envoy = await startSidecar({
    config: mesh(app.port, ports, folder),
    nodeId: 'sidecar~127.0.0.1~app.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE', LABELS: { app: 'app' } },
    identity: await ca.issue('spiffe://new.example/ns/default/sa/app'),
    args: ['--file-flush-interval-msec', '20'],
  });
}, 60_000);

afterAll(() => app.close());

const logged = (what: string): Promise<string> =>
  until(
    () =>
      readFileSync(join(folder, 'access.log'), 'utf8')
        .split('\n')
        .find((line) => line.includes(what)),
    {
      what: `a line with ${what}`,
    },
  );

/** The answer to one request over mesh TLS; empty where the connection is refused. */
function overTls(identity: TlsIdentity, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<string> {
  const { certChain: cert, privateKey: key } = identity;
  const options = {
    port: ports[0] ?? 0,
    host: '127.0.0.1',
    ALPNProtocols: ['istio'],
    rejectUnauthorized: false,
  };
  const socket: TLSSocket = connectTls({ ...options, cert, key, maxVersion });
  return new Promise((resolve) => {
    let text = '';
    socket.on('secureConnect', () =>
      socket.write('GET /tls?a=b HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n'),
    );
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

describe('mesh TLS', () => {
  it('takes whom the trust domain or an alias of it vouches for, and nobody else', async () => {
    const answers = ['new.example', 'old.example', 'other.example'].map(async (domain) =>
      overTls(await ca.issue(`spiffe://${domain}/ns/default/sa/client`)),
    );
    const [own, alias, other] = await Promise.all(answers);
    expect([own?.slice(0, 15), alias?.slice(0, 15), other]).toEqual([
      'HTTP/1.1 200 OK',
      'HTTP/1.1 200 OK',
      '',
    ]);
    expect(await logged('spiffe://old.example/ns/default/sa/client')).toMatch(/^\/tls HTTP\/1\.1 inbound\|/);
  });

  it('asks for the version that the mesh wants', async () => {
    const client = await ca.issue('spiffe://new.example/ns/default/sa/client');
    expect(await overTls(client, 'TLSv1.2')).toBe('');
  });
});

describe('requests', () => {
  it('have their paths normalised', async () => {
    await viaProxy(ports[1] ?? 0, 'http://app/a//b%2Fc/../d');
    expect(app.seen.at(-1)?.path).toBe('/a/b/d');
  });

  it('are answered in the name of the mesh, without a count of attempts', async () => {
    const { headers } = await viaProxy(ports[3] ?? 0, 'http://app.default.svc.cluster.local/named');
    expect(headers.server).toBe('the-mesh');
    expect(app.seen.at(-1)?.headers).not.toHaveProperty('x-envoy-attempt-count');
  });

  it('are tried again as the mesh says', async () => {
    const { status } = await viaProxy(ports[3] ?? 0, 'http://app.default.svc.cluster.local/fail-once/mesh');
    expect(status).toBe(200);
  });

  it('are counted under the names that the mesh has for clusters', async () => {
    const stats = await envoy.stats('upstream_rq_total');
    expect(stats.get('cluster.app.default_http-web.upstream_rq_total')).toBeGreaterThan(0);
    expect(stats.get(`cluster.in_app_${ports[1]}.upstream_rq_total`)).toBeGreaterThan(0);
  });
});

it('connections that are not looked into are logged', async () => {
  const socket = connect(ports[2] ?? 0, '127.0.0.1', () => socket.end('GET /tcp HTTP/1.0\r\n\r\n'));
  await new Promise((resolve) => socket.resume().on('close', resolve));
  expect(await logged(`inbound|${ports[2]}||`)).toBe(`- - inbound|${ports[2]}|| 21 -`);
});

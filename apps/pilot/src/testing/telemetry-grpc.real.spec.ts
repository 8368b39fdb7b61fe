import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePorts, until } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { Collector, Report } from './collector.js';
import { startGrpcCollector } from './collector.js';
import { startSidecar } from './running-sidecar.js';
import type { Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

/** What a real Envoy reports over gRPC: spans, log records, and entries for an access log service. */
function mesh(app: number, collector: number, [http = 0, tcp = 0]: readonly number[]): string {
  const service = 'service: collector.observe.svc.cluster.local, port: 4317';
  const ingress = (port: number, protocol: string) =>
    `  - {port: {number: ${port}, protocol: ${protocol}, name: p${port}}, bind: 127.0.0.1, defaultEndpoint: "127.0.0.1:${app}"}`;
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: spans
      opentelemetry: {${service}, grpc: {initialMetadata: [{name: x-tenant, value: a}]}}
    - name: records
      envoyOtelAls: {${service}, logFormat: {text: "took %REQ(:PATH)%", labels: {user: "%REQ(X-USER)%"}}}
    - name: requests
      envoyHttpAls: {${service}, logName: my-requests, additionalRequestHeadersToLog: [x-user]}
    - name: connections
      envoyTcpAls: {${service}, logName: my-connections}
    defaultProviders: {tracing: [spans], accessLogging: [records, requests, connections]}
    defaultConfig: {tracing: {sampling: 100}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: collector, namespace: observe}
spec:
  hosts: [collector.observe.svc.cluster.local]
  ports: [{number: 4317, name: grpc-otlp, protocol: GRPC}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {grpc-otlp: ${collector}}}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: app}
spec:
  ingress:
${[ingress(http, 'HTTP'), ingress(tcp, 'TCP')].join('\n')}
  egress: [{hosts: ["./*"]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: all}
spec: {mtls: {mode: DISABLE}}
`;
}

let app: Upstream;
let collector: Collector;
let ports: number[] = [];

beforeAll(async () => {
  [app, collector, ports] = await Promise.all([startUpstream('app'), startGrpcCollector(), freePorts(2)]);
  await startSidecar({
    config: mesh(app.port, collector.port, ports),
    nodeId: 'sidecar~127.0.0.1~app.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE', LABELS: { app: 'app' } },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/app'),
  });
  for (let n = 0; n < 10; n++) {
    await viaProxy(ports[0] ?? 0, 'http://app/reported', { headers: { 'x-user': 'jason' } });
  }
}, 60_000);

afterAll(() => [app, collector].forEach((each) => each.close()));

/** Of one service, what holds a text. */
const report = (path: string, text: string): Promise<Report> =>
  until(() => collector.reports.find((each) => each.path === path && each.body.includes(text)), {
    what: `${text} at ${path}`,
  });

describe('over gRPC, Envoy reports', () => {
  it('spans, though the Sidecar does not import where they go', async () => {
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const { body, headers } = await report(path, '/reported');
    for (const text of ['app.default', 'istio.canonical_service']) expect(body.includes(text)).toBe(true);
    expect(headers).toMatchObject({
      ':authority': 'collector.observe.svc.cluster.local:4317',
      'x-tenant': 'a',
    });
  });

  it('log records', async () => {
    const path = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
    const { body } = await report(path, 'took /reported');
    for (const text of ['user', 'jason', 'otel_envoy_accesslog']) expect(body.includes(text)).toBe(true);
  });

  it('requests and connections to an access log service', async () => {
    const socket = connect(ports[1] ?? 0, '127.0.0.1', () => socket.end('GET /tcp HTTP/1.0\r\n\r\n'));
    await new Promise((resolve) => socket.resume().on('close', resolve));
    const path = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';
    const { body } = await report(path, 'my-requests');
    for (const text of ['/reported', 'x-user', 'jason']) expect(body.includes(text)).toBe(true);
    await report(path, 'my-connections');
    await report(path, `inbound|${ports[1]}||`);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningEnvoy } from '#common/testing';
import { freePort, tempDir, until } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { Collector } from './collector.js';
import { startCollector, zipkinSpans } from './collector.js';
import { startSidecar } from './running-sidecar.js';
import type { Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

/** What real Envoys log and trace: on the client's side by text and Zipkin, on the server's by JSON and OTLP. */
function mesh(ports: { app: number; zipkin: number; otlp: number; inbound: number }, folder: string): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    outboundClusterStatName: "%SERVICE%_%SERVICE_PORT%"
    extensionProviders:
    - name: lines
      envoyFileAccessLog: {path: ${join(folder, 'client.log')}}
    - name: objects
      envoyFileAccessLog:
        path: ${join(folder, 'server.json')}
        logFormat: {labels: {path: "%REQ(:PATH)%", code: "%RESPONSE_CODE%", request: {user: "%REQ(X-USER)%"}}}
    - name: zipkin
      zipkin:
        service: collector.observe.svc.cluster.local
        port: 9411
        traceContextOption: USE_B3_WITH_W3C_PROPAGATION
    - name: otlp
      opentelemetry:
        service: collector.observe.svc.cluster.local
        port: 4318
        http: {headers: [{name: x-tenant, value: "a%b"}, {name: x-home, envName: PATH}]}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: all, namespace: istio-system}
spec:
  tracing:
  - match: {mode: CLIENT}
    providers: [{name: zipkin}]
    randomSamplingPercentage: 100
    customTags:
      cluster: {literal: {value: east}}
      user: {header: {name: x-user, defaultValue: nobody}}
      path: {formatter: {value: "path %REQ(:PATH)%"}}
  - match: {mode: SERVER}
    providers: [{name: otlp}]
    randomSamplingPercentage: 0
    customTags: {cluster: {literal: {value: west}}}
  accessLogging:
  - match: {mode: CLIENT}
    providers: [{name: lines}]
  - match: {mode: SERVER}
    providers: [{name: objects}]
    filter: {expression: "response.code >= 400 && request.url_path.startsWith('/fail')"}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: app}
spec:
  hosts: [app.default.svc.cluster.local]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ${ports.app}}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: collector, namespace: observe}
spec:
  hosts: [collector.observe.svc.cluster.local]
  ports: [{number: 9411, name: http-zipkin, protocol: HTTP}, {number: 4318, name: http-otlp, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http-zipkin: ${ports.zipkin}, http-otlp: ${ports.otlp}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: app}
spec:
  hosts: [app.default.svc.cluster.local]
  http: [{retries: {attempts: 0}, route: [{destination: {host: app.default.svc.cluster.local}}]}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: app}
spec:
  ingress:
  - port: {number: ${ports.inbound}, protocol: HTTP, name: http}
    bind: 127.0.0.1
    defaultEndpoint: "127.0.0.1:${ports.app}"
  egress: [{hosts: ["./*"]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: all}
spec: {mtls: {mode: DISABLE}}
`;
}

const folder = tempDir('q-telemetry-');
let app: Upstream;
let zipkin: Collector;
let otlp: Collector;
let envoy: RunningEnvoy;
let proxy = 0;
let inbound = 0;

beforeAll(async () => {
  [app, zipkin, otlp] = await Promise.all([startUpstream('app'), startCollector(), startCollector()]);
  proxy = await freePort();
  inbound = await freePort();
  envoy = await startSidecar({
    config: mesh({ app: app.port, zipkin: zipkin.port, otlp: otlp.port, inbound }, folder),
    nodeId: 'sidecar~10.0.0.1~web.default~default.svc.cluster.local',
    metadata: {
      INTERCEPTION_MODE: 'NONE',
      HTTP_PROXY_PORT: String(proxy),
      LABELS: { app: 'web', version: 'v3' },
    },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/web'),
    args: ['--file-flush-interval-msec', '20'],
  });
}, 60_000);

afterAll(() => [app, zipkin, otlp].forEach((each) => each.close()));

const out = (path: string, headers: Record<string, string> = {}) =>
  viaProxy(proxy, `http://app.default.svc.cluster.local${path}`, { headers });
const into = (path: string, headers: Record<string, string> = {}) =>
  viaProxy(inbound, `http://app${path}`, { headers });

const linesOf = (file: string): string[] =>
  readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean);

/** Tracers send when they have five spans. */
async function times(count: number, call: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < count; n++) await call();
}

describe('the access log', () => {
  it("of the client's side is Istio's line of text", async () => {
    await out('/logged?a=b', { 'user-agent': 'me', 'x-request-id': 'one' });
    const line = await until(() => linesOf('client.log').find((each) => each.includes('/logged')), {
      what: 'the line',
    });
    expect(line).toMatch(
      /^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] "GET \/logged\?a=b HTTP\/1\.1" 200 - via_upstream - "-" 0 3 \d+ \d+ "-" "me" "[^"]+" "app\.default\.svc\.cluster\.local" "127\.0\.0\.1:\d+" outbound\|80\|\|app\.default\.svc\.cluster\.local [\d.:]+ [\d.:]+ [\d.:]+ - \S+$/,
    );
  });

  it("of the server's side is an object, and only of what the filter lets through", async () => {
    await into('/fine');
    await into('/fail-once/x', { 'x-user': 'jason' });
    await into('/other');
    await into('/fail-once/y');
    const lines = await until(() => linesOf('server.json').length >= 2 && linesOf('server.json'), {
      what: 'two lines',
    });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { path: '/fail-once/x', code: 503, request: { user: 'jason' } },
      { path: '/fail-once/y', code: 503, request: { user: null } },
    ]);
  });
});

describe('tracing', () => {
  it('to Zipkin sends a span for each request, with its tags', async () => {
    const before = app.seen.length;
    await times(10, () => out('/traced', { 'x-user': 'jason' }));
    const spans = await until(
      () => {
        const found = zipkinSpans(zipkin).filter(({ tags }) => tags['path'] === 'path /traced');
        return found.length >= 10 && found;
      },
      { what: 'ten spans' },
    );
    expect(spans[0]).toMatchObject({
      kind: 'CLIENT',
      localEndpoint: { serviceName: 'test' },
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      tags: {
        cluster: 'east',
        user: 'jason',
        'http.status_code': '200',
        'istio.canonical_service': 'web',
        'istio.canonical_revision': 'v3',
        'istio.mesh_id': 'cluster.local',
        'istio.namespace': 'default',
      },
    });
    expect(zipkin.reports[0]).toMatchObject({
      path: '/api/v2/spans',
      headers: { host: 'collector.observe.svc.cluster.local:9411' },
    });
    expect(app.seen[before]?.headers).toMatchObject({
      'x-b3-traceid': expect.any(String),
      'x-b3-sampled': '1',
      traceparent: expect.any(String),
    });
  });

  it('to OTLP sends none of what is not sampled, and what a client asks for', async () => {
    await times(20, () => into('/unsampled'));
    const stats = await envoy.stats('tracing|opentelemetry');
    const of = (name: string): number =>
      [...stats]
        .filter(([each]) => each.startsWith('http.inbound') && each.endsWith(name))
        .reduce((sum, [, n]) => sum + n, 0);
    expect([of('tracing.random_sampling'), of('tracing.not_traceable') >= 20]).toEqual([0, true]);
    expect(otlp.reports).toEqual([]);
    const trace = { 'x-client-trace-id': 'mine' };
    await times(10, () => into('/asked-for', trace));
    const report = await until(() => otlp.reports[0], { what: 'a report' });
    expect(report).toMatchObject({
      path: '/v1/traces',
      headers: {
        host: 'collector.observe.svc.cluster.local:4318',
        'content-type': 'application/x-protobuf',
        'x-tenant': 'a%b',
      },
    });
    for (const text of [
      'service.name',
      'web.default',
      'cluster',
      'west',
      'istio.canonical_service',
      '/asked-for',
    ])
      expect(report.body.includes(text)).toBe(true);
    expect(report.body.includes('/unsampled')).toBe(false);
    expect(report.headers['x-home']).toBe(process.env['PATH']);
  });
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestCa, TestIdentitySource } from '../../../libs/common/src/identity/test-ca.js';
import type { RunningEnvoy } from '#common/testing';
import { freePorts, startEnvoy, until } from '#common/testing';
import { sidecarBootstrap } from './testing/envoy.js';
import { configChange, yamlFiles } from './testing/config.js';
import { startMixer } from './testing/mixer.js';
import type { TestMixer } from './testing/mixer.js';
import { samplesOf } from './testing/samples.js';

const BOOKINFO = 'samples/bookinfo';
const REVIEWS = 'outbound|9080|v3|reviews.default.svc.cluster.local';
const CALLER = { name: 'productpage-v1', serviceAccount: 'bookinfo-productpage-v1' };
const CALLEE = { name: 'reviews-v3', serviceAccount: 'bookinfo-reviews-v3' };

const spiffe = (account: string, namespace = 'default') =>
  `spiffe://cluster.local/ns/${namespace}/sa/${account}`;

/** Bookinfo's own telemetry; the workloads by addresses of this machine. */
function telemetry(calleePort: number): Record<string, string> {
  const { 'telemetry.yaml': metrics = '', 'workloads.yaml': workloads = '' } = yamlFiles(BOOKINFO);
  const moved = workloads
    .split('---\n')
    .filter((document) => document.includes('kind: WorkloadEntry'))
    .map((document) =>
      document.replace('address: 127.10.0.6', `address: 127.0.0.1\n  ports: { http: ${calleePort} }`),
    )
    .join('---\n');
  return { 'telemetry.yaml': metrics, 'workloads.yaml': moved };
}

const DENY = `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: { name: deny, namespace: default }
spec:
  match: source.labels["version"] == "v1" && destination.labels["app"] == "reviews" && request.path == "/denied"
  actions: [{ handler: denyall, instances: [request] }]
---
apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: { name: denyall, namespace: default }
spec: { compiledAdapter: denier, params: { status: { code: 7, message: Not allowed } } }
---
apiVersion: config.istio.io/v1alpha2
kind: instance
metadata: { name: request, namespace: default }
spec: { compiledTemplate: checknothing }
`;

const QUOTA = `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: { name: quota, namespace: istio-system }
spec: { actions: [{ handler: counter, instances: [requests] }] }
---
apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: { name: counter, namespace: istio-system }
spec:
  compiledAdapter: memquota
  params: { quotas: [{ name: requests.instance.istio-system, maxAmount: 3, validDuration: 3600s }] }
---
apiVersion: config.istio.io/v1alpha2
kind: instance
metadata: { name: requests, namespace: istio-system }
spec: { compiledTemplate: quota, params: { dimensions: { path: request.path } } }
---
apiVersion: config.istio.io/v1alpha2
kind: QuotaSpec
metadata: { name: requests, namespace: istio-system }
spec: { rules: [{ match: [{ clause: { request.path: { prefix: /limited } } }], quotas: [{ quota: requests }] }] }
---
apiVersion: config.istio.io/v1alpha2
kind: QuotaSpecBinding
metadata: { name: requests, namespace: istio-system }
spec:
  services: [{ name: reviews, namespace: default }]
  quotaSpecs: [{ name: requests, namespace: istio-system }]
`;

describe('Mixer beside two real Envoys', () => {
  let mixer: TestMixer;
  let identity: TestIdentitySource;
  let caller: string;
  let envoys: RunningEnvoy[];
  let files: Record<string, string>;
  // A server that closes idle connections closes some at the very moment when Envoy sends a request over them.
  const app = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    response.writeHead(request.url === '/broken' ? 500 : 200, {
      'x-seen': String(request.headers['x-mixer']),
    });
    response.end('reviews');
  });

  beforeAll(async () => {
    const ca = await TestCa.create();
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    const [callerPort = 0, calleePort = 0] = await freePorts(2);
    files = telemetry(calleePort);
    identity = new TestIdentitySource(await ca.issue(spiffe('istio-mixer-service-account', 'istio-system')));
    mixer = await startMixer(configChange({ ...files, 'deny.yaml': DENY, 'quota.yaml': QUOTA }), identity);
    const upstream = `127.0.0.1:${(app.address() as AddressInfo).port}`;
    caller = `127.0.0.1:${callerPort}`;
    envoys = await Promise.all([
      startEnvoy(
        sidecarBootstrap({
          ...{ mixer: mixer.address, direction: 'outbound', listen: caller, upstreamCluster: REVIEWS },
          upstream: `127.0.0.1:${calleePort}`,
          identity: await ca.issue(spiffe(CALLER.serviceAccount)),
          node: { ...CALLER, labels: { app: 'productpage', version: 'v1' } },
        }),
      ),
      startEnvoy(
        sidecarBootstrap({
          ...{ mixer: mixer.address, direction: 'inbound', listen: `127.0.0.1:${calleePort}`, upstream },
          upstreamCluster: 'inbound|9080||reviews.default.svc.cluster.local',
          identity: await ca.issue(spiffe(CALLEE.serviceAccount)),
          node: { ...CALLEE, labels: { app: 'reviews', version: 'v3' } },
        }),
      ),
    ]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
    await mixer.close();
    app.close();
    app.closeAllConnections();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://${caller}${path}`, { headers });

  const total = (labels: Record<string, string>) =>
    samplesOf(mixer.metrics(), 'istio_requests_total', labels).reduce((sum, { value }) => sum + value, 0);

  it('counts every request once per reporter, with the original labels', async () => {
    const before = { source: total({ reporter: 'source' }), destination: total({ reporter: 'destination' }) };
    const count = 20 + Math.floor(Math.random() * 20);
    for (let i = 0; i < count; i++) expect((await get('/reviews/1')).status).toBe(200);
    await until(() => total({ reporter: 'destination' }) >= before.destination + count);
    await until(() => total({ reporter: 'source' }) >= before.source + count);
    expect(total({ reporter: 'source', response_code: '200' })).toBe(before.source + count);
    expect(
      samplesOf(mixer.metrics(), 'istio_requests_total', { reporter: 'destination' })[0]?.labels,
    ).toEqual({
      reporter: 'destination',
      source_app: 'productpage',
      source_principal: 'cluster.local/ns/default/sa/bookinfo-productpage-v1',
      source_workload: 'productpage-v1',
      source_workload_namespace: 'default',
      source_version: 'v1',
      destination_app: 'reviews',
      destination_principal: 'cluster.local/ns/default/sa/bookinfo-reviews-v3',
      destination_workload: 'reviews-v3',
      destination_workload_namespace: 'default',
      destination_version: 'v3',
      destination_service: 'reviews.default.svc.cluster.local',
      destination_service_name: 'reviews',
      destination_service_namespace: 'default',
      request_protocol: 'http',
      response_code: '200',
      response_flags: '-',
      permissive_response_code: 'none',
      permissive_response_policyid: 'none',
      connection_security_policy: 'mutual_tls',
    });
    expect(
      samplesOf(mixer.metrics(), 'istio_requests_total', { reporter: 'source' })[0]?.labels,
    ).toMatchObject({
      source_app: 'productpage',
      source_version: 'v1',
      destination_app: 'reviews',
      destination_workload: 'reviews-v3',
      destination_version: 'v3',
      destination_service: 'reviews.default.svc.cluster.local',
      connection_security_policy: 'unknown',
    });
    const durations = samplesOf(mixer.metrics(), 'istio_request_duration_seconds_count', {
      reporter: 'source',
    });
    expect(durations.reduce((sum, { value }) => sum + value, 0)).toBe(total({ reporter: 'source' }));
  });

  it('refuses by rule, says so in body and metrics, and lets pass again when the rule is gone', async () => {
    const refused = await get('/denied');
    expect([refused.status, await refused.text()]).toEqual([
      403,
      'PERMISSION_DENIED:denyall.handler.default:Not allowed',
    ]);
    await until(() => total({ reporter: 'destination', response_code: '403', response_flags: 'UAEX' }) === 1);
    await until(() => total({ reporter: 'source', response_code: '403', response_flags: '-' }) === 1);
    const counted = total({ reporter: 'destination' });
    mixer.runtimes.update(configChange({ ...files, 'quota.yaml': QUOTA }));
    expect((await get('/denied')).status).toBe(200);
    // The prometheus handler is the same, and so are its counts.
    await until(() => total({ reporter: 'destination' }) === counted + 1);
  });

  it('holds a quota by QuotaSpec, for the service that is bound and the path that matches', async () => {
    const codes: number[] = [];
    for (let i = 0; i < 5; i++) codes.push((await get('/limited')).status);
    expect(codes).toEqual([200, 200, 200, 429, 429]);
    expect(await (await get('/limited')).text()).toBe('RESOURCE_EXHAUSTED:Quota is exhausted for: requests');
    expect((await get('/free')).status).toBe(200);
  });

  it('names faults and failures as Envoy does', async () => {
    expect((await get('/x', { 'x-envoy-fault-abort-request': '418' })).status).toBe(418);
    expect((await get('/broken')).status).toBe(500);
    await until(() => total({ reporter: 'source', response_code: '418', response_flags: 'FI' }) === 1);
    expect(
      samplesOf(mixer.metrics(), 'istio_requests_total', { response_code: '418' })[0]?.labels,
    ).toMatchObject({
      destination_service: 'reviews.default.svc.cluster.local',
      destination_service_name: 'reviews',
      destination_workload: 'unknown',
    });
    await until(() => total({ reporter: 'destination', response_code: '500' }) === 1);
  });

  it('changes headers of requests that pass', async () => {
    const rule = `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: { name: headers, namespace: default }
spec:
  match: request.path == "/headers"
  requestHeaderOperations: [{ name: x-mixer, values: ['source.labels["app"]'] }]
  responseHeaderOperations: [{ name: x-answer, values: ['destination.labels["version"]'] }]
`;
    mixer.runtimes.update(configChange({ ...files, 'headers.yaml': rule }));
    const { headers } = await get('/headers');
    expect([headers.get('x-seen'), headers.get('x-answer')]).toEqual(['productpage', 'v3']);
    expect((await get('/other')).headers.get('x-seen')).toBe('undefined');
  });

  it('answers with the failure status of the proxy when it cannot decide', async () => {
    const rule = `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: { name: broken, namespace: default }
spec:
  match: request.path == "/undecided"
  actions: [{ handler: list, instances: [version] }]
---
apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: { name: list, namespace: default }
spec: { compiledAdapter: listchecker, params: { overrides: [v9] } }
---
apiVersion: config.istio.io/v1alpha2
kind: instance
metadata: { name: version, namespace: default }
spec: { compiledTemplate: listentry, params: { value: 'source.labels["no-such-label"]' } }
`;
    mixer.runtimes.update(configChange({ ...files, 'broken.yaml': rule }));
    expect((await get('/undecided')).status).toBe(503);
    expect((await get('/decided')).status).toBe(200);
  });

  it('refuses callers without a certificate of the mesh', async () => {
    const other = await TestCa.create('CN=stranger');
    const stranger = await other.issue(spiffe('bookinfo-productpage-v1'));
    const [port = 0] = await freePorts(1);
    const bootstrap = sidecarBootstrap({
      ...{ mixer: mixer.address, direction: 'outbound', upstreamCluster: REVIEWS, identity: stranger },
      ...{ listen: `127.0.0.1:${port}`, upstream: caller, node: { ...CALLER, labels: { app: 'forged' } } },
    });
    const envoy = await startEnvoy(bootstrap);
    await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await until(
      async () => (await envoy.stats('telemetry.*ssl.fail_verify|telemetry.*upstream_cx_connect_fail')).size,
    );
    expect(samplesOf(mixer.metrics(), 'istio_requests_total', { source_app: 'forged' })).toEqual([]);
    await envoy.stop();
  });

  it('says by the original names what it did', async () => {
    const page = await mixer.ownMetrics();
    expect(page).toMatch(/mixer_runtime_dispatches_total\{.*adapter="prometheus".*error="false".*\} \d+/);
    expect(page).toMatch(/mixer_config_rule_configs_total 2/);
    expect(page).toMatch(/mixer_dispatcher_destinations_per_variety_total\{variety="REPORT"\} \d+/);
    expect(envoys.every((envoy) => envoy.process.running())).toBe(true);
  });
});

describe('TCP', () => {
  it('counts connections and bytes once each, whatever the number of log entries', async () => {
    const ca = await TestCa.create();
    const echo = createTcpServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const identity = new TestIdentitySource(
      await ca.issue(spiffe('istio-mixer-service-account', 'istio-system')),
    );
    const mixer = await startMixer(configChange(yamlFiles('apps/mixer/src/testdata/tcp')), identity);
    const [port = 0] = await freePorts(1);
    const envoy = await startEnvoy(
      sidecarBootstrap({
        ...{ mixer: mixer.address, direction: 'outbound', listen: `127.0.0.1:${port}`, tcp: true },
        upstreamCluster: 'outbound|27017||mongodb.default.svc.cluster.local',
        upstream: `127.0.0.1:${(echo.address() as AddressInfo).port}`,
        identity: await ca.issue(spiffe('ratings')),
        node: { name: 'ratings-v1', serviceAccount: 'ratings', labels: { app: 'ratings', version: 'v1' } },
      }),
    );
    const value = (name: string) => samplesOf(mixer.metrics(), name, {})[0]?.value ?? 0;
    const socket = connect(port, '127.0.0.1');
    socket.write('x'.repeat(1000));
    await once(socket, 'data');
    await until(() => value('istio_tcp_sent_bytes_total') === 1000, {
      what: 'the bytes of an open connection',
    });
    expect(value('istio_tcp_connections_opened_total')).toBe(1);
    expect(value('istio_tcp_connections_closed_total')).toBe(0);
    socket.write('x'.repeat(500));
    socket.end();
    await until(() => value('istio_tcp_connections_closed_total') === 1, {
      what: 'the end of the connection',
    });
    expect(value('istio_tcp_sent_bytes_total')).toBe(1500);
    expect(value('istio_tcp_received_bytes_total')).toBe(1500);
    expect(value('istio_tcp_connections_opened_total')).toBe(1);
    const [sample] = samplesOf(mixer.metrics(), 'istio_tcp_connections_closed_total', {});
    expect(Object.keys(sample?.labels ?? {})).toHaveLength(16);
    expect(sample?.labels).toMatchObject({
      reporter: 'source',
      source_workload: 'ratings-v1',
      destination_service: 'mongodb.default.svc.cluster.local',
    });
    await envoy.stop();
    await mixer.close();
    echo.close();
  });
});

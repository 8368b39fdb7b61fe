import fc from 'fast-check';
import type { Operation } from '#common/config-log';
import type { LabelSelector, Resource } from '#config';
import { encodeContent, resourceKey } from '#config';

/**
 * Small random meshes: few names, so that resources meet each other (same hosts, selectors, addresses, namespaces),
 * which is where incremental bookkeeping goes wrong.
 */
const namespace = fc.constantFrom('default', 'backend', 'istio-system');
const app = fc.constantFrom('a', 'b', 'c');
const host = fc.constantFrom(
  'a',
  'b',
  'a.default.svc.cluster.local',
  'b.default.svc.cluster.local',
  'c.backend.svc.cluster.local',
  '*.default.svc.cluster.local',
  'x.example.com',
  '*.example.com',
);
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3');
const labels = fc.record({ app, version: fc.constantFrom('v1', 'v2') });
const locality = fc.constantFrom(undefined, 'us/east/1', 'us/west', 'eu/north/1');
const exportTo = fc.option(fc.constantFrom(['.'], ['*'], ['default']), { nil: undefined });
const port = fc.constantFrom(
  { number: 80, name: 'http', protocol: 'HTTP' },
  { number: 81, name: 'http-b', protocol: 'HTTP' },
  { number: 80, name: 'tcp', protocol: 'TCP' },
  { number: 443, name: 'tls', protocol: 'TLS' },
  { number: 80, name: 'anything', protocol: '' },
  { number: 82, name: 'anything-b', protocol: '' },
);

const serviceEntry = fc.record({
  hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 2 }),
  ports: fc.uniqueArray(port, { minLength: 1, maxLength: 3, selector: ({ number }) => number }),
  addresses: fc.uniqueArray(fc.constantFrom('10.9.9.1', '10.9.9.2', '10.9.0.0/16'), { maxLength: 1 }),
  location: fc.constantFrom('MESH_INTERNAL', 'MESH_EXTERNAL'),
  resolution: fc.constantFrom('STATIC', 'STATIC', 'DNS', 'NONE'),
  endpoints: fc.array(fc.record({ address, serviceAccount: fc.constantFrom('', 'x'), labels, locality }), {
    maxLength: 2,
  }),
  workloadSelector: fc.option(fc.record({ labels: fc.record({ app }) }), { nil: undefined }),
  exportTo,
});

const workloadEntry = fc.record({
  address,
  labels,
  locality,
  serviceAccount: fc.constantFrom('', 'x', 'y'),
});

const destination = fc.record({ host, subset: fc.constantFrom(undefined, 'v1') });
const match = fc.constantFrom(
  undefined,
  [{ uri: { prefix: '/a' } }],
  [{ uri: { exact: '/a/b' }, port: 80 }],
  [{ sourceLabels: { app: 'a' } }],
  [{ sourceNamespace: 'default' }, { gateways: ['mesh'] }],
  [{ gateways: ['web', 'default/web'], withoutHeaders: { x: { regex: '*' } } }],
);
const httpRoute = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.record({ destination, weight: fc.constantFrom(0, 1, 99) }), { minLength: 1, maxLength: 2 })
      .map((route) => ({ route })),
  },
  {
    weight: 1,
    arbitrary: destination.map((mirror) => ({ route: [{ destination: mirror }], mirror, mirrorPercent: 50 })),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ redirect: { prefixRewrite: '/b', derivePort: 'FROM_REQUEST_PORT' } }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        name: fc.constantFrom('one', 'two', 'three'),
        namespace: fc.constantFrom(undefined, 'default'),
      })
      .map((delegate) => ({ delegate, timeout: '1s' })),
  },
);
const http = fc.array(
  fc.tuple(match, httpRoute).map(([matches, action]) => ({ match: matches, ...action })),
  { minLength: 1, maxLength: 3 },
);
const l4Route = fc.array(fc.record({ destination, weight: fc.constantFrom(1, 99) }), {
  minLength: 1,
  maxLength: 2,
});
const l4Match = {
  port: fc.constantFrom(undefined, 80, 443),
  destinationSubnets: fc.constantFrom(undefined, ['10.9.9.0/24'], ['10.9.9.0/24', '10.9.0.0/16']),
  sourceSubnet: fc.constantFrom(undefined, '10.0.0.0/8'),
  sourceLabels: fc.constantFrom(undefined, { app: 'a' }),
  sourceNamespace: fc.constantFrom(undefined, 'backend'),
  gateways: fc.constantFrom(undefined, ['mesh']),
};
const sniHosts = fc.constantFrom(
  ['x.example.com'],
  ['*.example.com'],
  ['x.example.com', '*.b.example.com'],
  ['*'],
);
const few = { minLength: 1, maxLength: 2 };
const tcpRoutes = fc.array(fc.record({ match: fc.array(fc.record(l4Match), few), route: l4Route }), few);
const tlsRoutes = fc.array(
  fc.record({ match: fc.array(fc.record({ ...l4Match, sniHosts }), few), route: l4Route }),
  few,
);

const virtualService = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      hosts: fc.uniqueArray(fc.oneof({ weight: 6, arbitrary: host }, fc.constant('10.9.9.1')), {
        minLength: 1,
        maxLength: 2,
      }),
      gateways: fc.constantFrom(undefined, ['mesh'], ['web'], ['mesh', 'default/web']),
      http,
      tcp: fc.option(tcpRoutes, { nil: undefined }),
      tls: fc.option(tlsRoutes, { nil: undefined }),
      exportTo,
    }),
  },
  { weight: 1, arbitrary: fc.record({ http, exportTo }) },
);

const localityLbSetting = fc.constantFrom(
  undefined,
  { enabled: false },
  { failover: [{ from: 'us', to: 'eu' }] },
  { failoverPriority: ['version', 'topology.kubernetes.io/region'] },
  { distribute: [{ from: 'us/*', to: { 'us/*': 80, 'eu/*': 20 } }] },
);
const loadBalancer = fc.oneof(
  fc.constantFrom(
    undefined,
    { consistentHash: { useSourceIp: true } },
    { simple: 'PASSTHROUGH' },
    { zoneAwareLbSetting: { failover: [{ from: 'us', to: 'eu' }] } },
  ),
  localityLbSetting.map((setting) => ({
    simple: 'ROUND_ROBIN',
    ...(setting && { localityLbSetting: setting }),
  })),
);
const connectionPool = fc.constantFrom(
  undefined,
  { tcp: { maxConnections: 1, idleTimeout: '10s' } },
  { http: { h2UpgradePolicy: 'UPGRADE', http2KeepAlive: { interval: '30s', timeout: '5s' } } },
);
const tls = fc.constantFrom(
  undefined,
  undefined,
  { mode: 'DISABLE' },
  { mode: 'ISTIO_MUTUAL' },
  { mode: 'SIMPLE', credentialName: 'secret' },
);
const portPolicy = { loadBalancer, connectionPool, tls };
const outlierDetection = fc.constantFrom(undefined, { consecutive5xxErrors: 1 });
const trafficPolicy = fc.option(
  fc.record({
    ...portPolicy,
    outlierDetection,
    proxyProtocol: fc.constantFrom(undefined, undefined, { version: 'V2' }),
    tunnel: fc.constantFrom(undefined, undefined, { targetHost: 'a.example.com', targetPort: 443 }),
    portLevelSettings: fc.option(
      fc.record(portPolicy).map((policy) => [{ port: { number: 80 }, ...policy }]),
      { nil: undefined },
    ),
  }),
  { nil: undefined },
);
const destinationRule = fc.record({
  host,
  trafficPolicy,
  subsets: fc.option(
    trafficPolicy.map((policy) => [{ name: 'v1', labels: { version: 'v1' }, trafficPolicy: policy }]),
    { nil: undefined },
  ),
  workloadSelector: fc.constantFrom(undefined, undefined, { matchLabels: { app: 'a' } }),
  exportTo,
});

const gatewayHosts = fc.constantFrom(
  ['*'],
  ['*.example.com'],
  ['default/x.example.com'],
  ['./*.local', 'x.example.com'],
  ['backend/*', 'default/a.default.svc.cluster.local'],
);
const bind = fc.constantFrom(undefined, undefined, '127.0.0.1', 'unix:///run/gateway.sock');
const plainServer = fc.record({
  port: fc.record({
    number: fc.constantFrom(80, 443),
    name: fc.constantFrom('one', 'two'),
    protocol: fc.constantFrom('HTTP', 'HTTP', 'GRPC-WEB', 'TCP', 'MONGO'),
  }),
  hosts: gatewayHosts,
  bind,
  tls: fc.constantFrom(undefined, undefined, { httpsRedirect: true }),
});
const secureServer = fc.record({
  port: fc.record({
    number: fc.constantFrom(80, 443),
    name: fc.constantFrom('one', 'two'),
    protocol: fc.constantFrom('HTTPS', 'HTTPS', 'TLS'),
  }),
  hosts: gatewayHosts,
  bind,
  tls: fc.constantFrom(
    { mode: 'SIMPLE', credentialName: 'one' },
    { mode: 'MUTUAL', credentialName: 'one', subjectAltNames: ['a.example.com'] },
    { mode: 'ISTIO_MUTUAL', minProtocolVersion: 'TLSV1_3' },
    { mode: 'PASSTHROUGH' },
    { mode: 'AUTO_PASSTHROUGH' },
  ),
});
const gateway = fc.record({
  selector: fc.constantFrom(
    { istio: 'gateway' },
    { istio: 'other' },
    { istio: 'gateway', app: 'a' },
    undefined,
  ),
  servers: fc.array(fc.oneof(plainServer, secureServer), { minLength: 1, maxLength: 3 }),
});

const egressHosts = fc.constantFrom(
  ['./*'],
  ['~/*'],
  ['*/*'],
  ['backend/*', './a.default.svc.cluster.local'],
  ['*/x.example.com'],
  ['./*.example.com', 'istio-system/*'],
);
const SAME_NAMESPACES = ['*/none.test', 'default/none.test', 'backend/none.test', './none.test'];
/** Most edits of a Sidecar are of this sort: a host more, or one less. */
const narrowSidecar = fc
  .record({
    wide: fc.constantFrom('istio-system/*', 'istio-system/*', 'istio-system/*', './*.example.com'),
    others: fc.constantFrom(SAME_NAMESPACES, SAME_NAMESPACES, []),
    single: fc.subarray([
      '*/x.example.com',
      'backend/x.example.com',
      'default/x.example.com',
      'default/y.example.com',
      'backend/y.example.com',
      './a.default.svc.cluster.local',
      '*/b.default.svc.cluster.local',
      'backend/c.backend.svc.cluster.local',
    ]),
  })
  .map(({ wide, others, single }) => ({ egress: [{ hosts: [wide, ...others, ...single] }] }));
const egressPort = fc.constantFrom(
  { number: 80, protocol: 'HTTP', name: 'http' },
  { number: 443, protocol: 'TLS', name: 'tls' },
);
const sidecar = fc.record({
  workloadSelector: fc.constantFrom(undefined, { labels: { app: 'a' } }),
  egress: fc.option(
    fc
      .tuple(
        fc.array(fc.record({ port: egressPort, hosts: egressHosts }), { maxLength: 1 }),
        fc.array(fc.record({ hosts: egressHosts }), { minLength: 1, maxLength: 1 }),
      )
      .map((listeners) => listeners.flat()),
    { nil: undefined },
  ),
  ingress: fc.constantFrom(undefined, [{ port: { number: 80, protocol: 'HTTP', name: 'http' } }]),
});

const peerAuthentication = fc.record({
  selector: fc.constantFrom(undefined, { matchLabels: { app: 'a' } }),
  mtls: fc.constantFrom(undefined, { mode: 'STRICT' }, { mode: 'DISABLE' }),
});

const patch = (applyTo: string, match: object, operation: string, value?: object) => ({
  applyTo,
  match,
  patch: { operation, ...(value && { value }) },
});
const envoyFilter = fc.record({
  workloadSelector: fc.constantFrom(undefined, undefined, { labels: { app: 'a' } }),
  priority: fc.constantFrom(undefined, -1, 5),
  configPatches: fc.uniqueArray(
    fc.constantFrom(
      patch('CLUSTER', { cluster: { portNumber: 80 } }, 'MERGE', { connect_timeout: '3s' }),
      patch('CLUSTER', { cluster: { subset: 'v1' } }, 'REMOVE'),
      patch('CLUSTER', { context: 'SIDECAR_INBOUND' }, 'MERGE', { alt_stat_name: 'in' }),
      patch('CLUSTER', {}, 'ADD', { name: 'extra', type: 'STATIC' }),
      patch('LISTENER', { listener: { portNumber: 80 } }, 'MERGE', { per_connection_buffer_limit_bytes: 9 }),
      patch('LISTENER', { listener: { name: '0.0.0.0_81' } }, 'REMOVE'),
      patch('HTTP_FILTER', { proxy: { metadata: { INTERCEPTION_MODE: 'NONE' } } }, 'ADD', {
        name: 'buffer',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
          max_request_bytes: 5,
        },
      }),
      patch('VIRTUAL_HOST', { routeConfiguration: { portNumber: 80 } }, 'MERGE', { retry_policy: {} }),
      patch('VIRTUAL_HOST', { routeConfiguration: { name: '80' } }, 'ADD', { name: 'a', domains: ['added'] }),
      patch('VIRTUAL_HOST', { routeConfiguration: { vhost: { domainName: 'a' } } }, 'REMOVE'),
      patch('HTTP_ROUTE', { context: 'GATEWAY' }, 'INSERT_FIRST', {
        match: { path: '/first' },
        direct_response: { status: 204 },
      }),
      patch('HTTP_ROUTE', { routeConfiguration: { gateway: 'default/web' } }, 'MERGE', {
        stat_prefix: 'web',
      }),
      patch('EXTENSION_CONFIG', {}, 'ADD', { name: 'ext' }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
});

const meshConfig = fc.record({
  discoverySelectors: fc.constantFrom<LabelSelector[] | undefined>(undefined, undefined, [
    { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['default'] }] },
  ]),
  defaultHttpRetryPolicy: fc.constantFrom(undefined, { attempts: 5 }),
  outboundTrafficPolicy: fc.constantFrom({ mode: 'ALLOW_ANY' }, { mode: 'REGISTRY_ONLY' }),
  enableAutoMtls: fc.boolean(),
  proxyHttpPort: fc.constantFrom(0, 15080),
  h2UpgradePolicy: fc.constantFrom('DO_NOT_UPGRADE', 'UPGRADE'),
  localityLbSetting,
  connectTimeout: fc.constantFrom('1s', '10s'),
  trustDomain: fc.constantFrom('cluster.local', 'other.example'),
  accessLogFile: fc.constantFrom('', '/dev/stdout'),
  rootNamespace: fc.constantFrom('istio-system', 'backend'),
  defaultServiceExportTo: fc.constantFrom(['*'], ['.']),
  extensionProviders: fc.constantFrom(
    undefined,
    [{ name: 'spans', zipkin: { service: 'a.default.svc.cluster.local', port: 80 } }],
    [
      { name: 'spans', opentelemetry: { service: 'c.backend.svc.cluster.local', port: 81, http: {} } },
      { name: 'logs', envoyHttpAls: { service: 'backend/b.default.svc.cluster.local', port: 80 } },
    ],
  ),
  defaultProviders: fc.constantFrom(undefined, { tracing: ['spans'] }, { accessLogging: ['logs', 'envoy'] }),
  defaultConfig: fc.constantFrom(
    undefined,
    { tracing: { zipkin: { address: '10.0.0.9:9411' } } },
    { gatewayTopology: { numTrustedProxies: 1 }, proxyHeaders: { server: { disabled: true } } },
  ),
});

const selector = fc.constantFrom(undefined, { matchLabels: { app: 'a' } }, { matchLabels: { app: 'c' } });
const telemetry = fc.record({
  selector,
  tracing: fc.constantFrom(undefined, [{ providers: [{ name: 'spans' }] }], [{ disableSpanReporting: true }]),
  accessLogging: fc.constantFrom(
    undefined,
    [{ providers: [{ name: 'logs' }], match: { mode: 'SERVER' } }],
    [{ filter: { expression: 'response.code >= 400' } }],
  ),
});
const proxyConfig = fc.record({ selector, environmentVariables: fc.constantFrom({ A: 'b' }, undefined) });

function resource(group: string, kind: string, names: fc.Arbitrary<string>, spec: fc.Arbitrary<unknown>) {
  const time = fc.constantFrom('', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z');
  return fc.tuple(namespace, names, time, spec).map(([ns, name, creationTimestamp, body]): Resource => {
    const key = resourceKey(group, kind, ns, name);
    return {
      key,
      group,
      kind,
      namespace: ns,
      name,
      labels: {},
      annotations: {},
      creationTimestamp,
      spec: body,
    };
  });
}

const names = fc.constantFrom('one', 'two', 'three');
const anyResource = fc.oneof(
  { weight: 4, arbitrary: resource('networking.istio.io', 'ServiceEntry', names, serviceEntry) },
  { weight: 3, arbitrary: resource('networking.istio.io', 'WorkloadEntry', names, workloadEntry) },
  { weight: 4, arbitrary: resource('networking.istio.io', 'VirtualService', names, virtualService) },
  { weight: 3, arbitrary: resource('networking.istio.io', 'DestinationRule', names, destinationRule) },
  {
    weight: 2,
    arbitrary: resource('networking.istio.io', 'Gateway', fc.constantFrom('web', 'web', 'side'), gateway),
  },
  { weight: 1, arbitrary: resource('networking.istio.io', 'Sidecar', names, sidecar) },
  {
    weight: 2,
    arbitrary: resource('networking.istio.io', 'Sidecar', fc.constant('narrow'), narrowSidecar),
  },
  { weight: 2, arbitrary: resource('networking.istio.io', 'EnvoyFilter', names, envoyFilter) },
  { weight: 1, arbitrary: resource('security.istio.io', 'PeerAuthentication', names, peerAuthentication) },
  { weight: 2, arbitrary: resource('telemetry.istio.io', 'Telemetry', names, telemetry) },
  { weight: 1, arbitrary: resource('networking.istio.io', 'ProxyConfig', names, proxyConfig) },
  {
    weight: 1,
    arbitrary: resource('mesh.istio.io', 'MeshConfig', fc.constant('istio'), meshConfig).map((mesh) => {
      return { ...mesh, namespace: 'istio-system', key: 'mesh.istio.io/MeshConfig/istio-system/istio' };
    }),
  },
);

/** Changes, one after the other: several resources each, written or deleted. */
export const randomChanges: fc.Arbitrary<Operation[][]> = fc.array(
  fc.array(
    fc.tuple(anyResource, fc.integer({ min: 0, max: 9 })).map(([written, dice]): Operation => {
      if (dice === 0) return { op: 'delete', key: written.key };
      return {
        op: 'put',
        key: written.key,
        content: encodeContent(written),
        origin: { file: 'a.yaml', line: dice },
      };
    }),
    { minLength: 1, maxLength: 4 },
  ),
  { minLength: 4, maxLength: 14 },
);

/** Whole meshes, each key once. */
export const randomMeshes: fc.Arbitrary<Resource[]> = fc.uniqueArray(anyResource, {
  minLength: 5,
  maxLength: 25,
  selector: ({ key }) => key,
});

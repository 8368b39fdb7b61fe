import { envoy } from '#common/proto/edge';

const { HTTPAccessLogEntry } = envoy.data.accesslog.v3;
const { CheckRequest } = envoy.service.auth.v3;
const { StreamAccessLogsMessage } = envoy.service.accesslog.v3;

const LABELS = [
  ...['reporter', 'source_app', 'source_principal', 'source_workload', 'source_workload_namespace'],
  ...['source_version', 'destination_app', 'destination_principal', 'destination_workload'],
  ...[
    'destination_workload_namespace',
    'destination_version',
    'destination_service',
    'destination_service_name',
  ],
  ...['destination_service_namespace', 'request_protocol', 'response_code', 'response_flags'],
  ...['permissive_response_code', 'permissive_response_policyid', 'connection_security_policy'],
];
const EXPRESSIONS: Readonly<Record<string, string>> = {
  reporter: 'conditional((context.reporter.kind | "inbound") == "outbound", "source", "destination")',
  source_app: 'source.labels["app"] | "unknown"',
  source_version: 'source.labels["version"] | "unknown"',
  destination_app: 'destination.labels["app"] | "unknown"',
  destination_version: 'destination.labels["version"] | "unknown"',
  source_principal: 'source.principal | "unknown"',
  source_workload: 'source.workload.name | "unknown"',
  source_workload_namespace: 'source.workload.namespace | "unknown"',
  destination_principal: 'destination.principal | "unknown"',
  destination_workload: 'destination.workload.name | "unknown"',
  destination_workload_namespace: 'destination.workload.namespace | "unknown"',
  destination_service:
    'destination.service.host | conditional((destination.service.name | "unknown") == "unknown", "unknown", request.host)',
  destination_service_name: 'destination.service.name | "unknown"',
  destination_service_namespace: 'destination.service.namespace | "unknown"',
  request_protocol: 'api.protocol | context.protocol | "unknown"',
  response_code: 'response.code | 200',
  response_flags: 'context.proxy_error_code | "-"',
  permissive_response_code: 'rbac.permissive.response_code | "none"',
  permissive_response_policyid: 'rbac.permissive.effective_policy_id | "none"',
  connection_security_policy:
    'conditional((context.reporter.kind | "inbound") == "outbound", "unknown", conditional(connection.mtls | false, "mutual_tls", "none"))',
};
const METRICS = 8;

const resource = (kind: string, name: string, spec: unknown) =>
  `${JSON.stringify({
    apiVersion: 'config.istio.io/v1alpha2',
    kind,
    metadata: { name, namespace: 'istio-system' },
    spec,
  })}\n---\n`;

/** Eight metrics of twenty labels each. `shared`: all by the same expressions, as Istio's own are; else each by its own. */
export function telemetryConfig(shared: boolean): string {
  const names = Array.from({ length: METRICS }, (_, i) => `metric${i}`);
  const metrics = names.map((name, i) => ({
    name,
    instance_name: `${name}.instance.istio-system`,
    kind: i % 2 === 0 ? 'COUNTER' : 'DISTRIBUTION',
    label_names: LABELS,
  }));
  const instances = names.map((name, i) => {
    // Parentheses make another text, and so another set of expressions, with the same values.
    const dimensions = LABELS.map((label) => [
      label,
      shared ? EXPRESSIONS[label] : wrapped(EXPRESSIONS[label], i),
    ]);
    const value = i % 2 === 0 ? '1' : 'response.duration | "0ms"';
    return resource('instance', name, {
      compiledTemplate: 'metric',
      params: { value, dimensions: Object.fromEntries(dimensions) as object },
    });
  });
  const match =
    '(context.protocol == "http" || context.protocol == "grpc") && (match((request.useragent | "-"), "kube-probe*") == false)';
  return [
    resource('handler', 'prometheus', { compiledAdapter: 'prometheus', params: { metrics } }),
    ...instances,
    resource('rule', 'promhttp', { match, actions: [{ handler: 'prometheus', instances: names }] }),
  ].join('');
}

function wrapped(text = '', times: number): string {
  return '('.repeat(times) + text + ')'.repeat(times);
}

/** A list rule, as in the comparison with the original. */
export const POLICY_CONFIG = [
  resource('handler', 'list', { compiledAdapter: 'listchecker', params: { overrides: ['v1', 'v2'] } }),
  resource('instance', 'version', {
    compiledTemplate: 'listentry',
    params: { value: 'source.labels["version"]' },
  }),
  resource('rule', 'versions', {
    match: 'destination.labels["app"] == "reviews"',
    actions: [{ handler: 'list', instances: ['version'] }],
  }),
].join('');

export const WORKLOADS = ['productpage', 'reviews']
  .map((app, i) =>
    JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: `${app}-v1`, namespace: 'default' },
      spec: { address: `127.10.0.${i + 2}`, serviceAccount: app, labels: { app, version: 'v1' } },
    }),
  )
  .join('\n---\n');

const uri = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;
const address = (text: string, port: number) => ({ socketAddress: { address: text, portValue: port } });

function entry(index: number): envoy.data.accesslog.v3.HTTPAccessLogEntry.$Properties {
  return {
    commonProperties: {
      downstreamRemoteAddress: address('127.10.0.2', 40000 + index),
      downstreamDirectRemoteAddress: address('127.10.0.2', 40000 + index),
      downstreamLocalAddress: address('127.10.0.3', 9080),
      upstreamRemoteAddress: address('127.0.0.1', 8080),
      tlsProperties: {
        tlsVersion: 4,
        tlsSniHostname: 'outbound_.9080_._.reviews.default.svc.cluster.local',
        localCertificateProperties: { subjectAltName: [{ uri: uri('reviews') }] },
        peerCertificateProperties: { subjectAltName: [{ uri: uri('productpage') }] },
      },
      startTime: { seconds: 1_790_000_000, nanos: index * 1000 },
      timeToLastDownstreamTxByte: { seconds: 0, nanos: 3_000_000 + index },
      upstreamCluster: 'inbound|9080||reviews.default.svc.cluster.local',
      responseFlags: {},
      customTags: {
        'context.reporter.kind': 'inbound',
        'context.reporter.uid': 'kubernetes://reviews-v1.default',
        'destination.service.host': 'reviews.default.svc.cluster.local',
        'destination.service.name': 'reviews',
        'destination.service.namespace': 'default',
      },
    },
    request: {
      requestMethod: 1,
      scheme: 'http',
      authority: 'reviews:9080',
      path: `/reviews/${index}`,
      userAgent: 'curl/8.5.0',
      requestId: `5b5f2d04-6a9c-4c9e-9f6e-${index}`,
      requestHeadersBytes: 400,
      requestHeaders: { 'content-type': 'application/json' },
    },
    response: {
      responseCode: { value: index % 50 === 0 ? 503 : 200 },
      responseHeadersBytes: 120,
      responseBodyBytes: 800,
    },
  };
}

/** The first message of a stream, with a node, and later ones of 100 entries. */
export const FIRST_MESSAGE = {
  identifier: {
    logName: 'inbound',
    node: {
      id: 'sidecar~127.10.0.3~reviews-v1.default~default.svc.cluster.local',
      metadata: {
        fields: {
          NAME: { stringValue: 'reviews-v1' },
          NAMESPACE: { stringValue: 'default' },
          WORKLOAD_NAME: { stringValue: 'reviews-v1' },
          LABELS: {
            structValue: { fields: { app: { stringValue: 'reviews' }, version: { stringValue: 'v1' } } },
          },
        },
      },
    },
  },
} satisfies envoy.service.accesslog.v3.StreamAccessLogsMessage.$Shape;

export function reportMessage(entries: number): Uint8Array {
  const logEntry = Array.from({ length: entries }, (_, index) =>
    HTTPAccessLogEntry.decode(HTTPAccessLogEntry.encode(entry(index)).finish()),
  );
  return StreamAccessLogsMessage.encode({ httpLogs: { logEntry } }).finish();
}

/** A check of about 1.5 KB with some 30 attributes, as a sidecar asks. */
export const CHECK_REQUEST: Uint8Array = CheckRequest.encode({
  attributes: {
    source: { address: address('127.10.0.2', 40000), principal: uri('productpage') },
    destination: { address: address('127.10.0.3', 9080), principal: uri('reviews') },
    request: {
      time: { seconds: 1_790_000_000, nanos: 5 },
      http: {
        id: '1234567890123456789',
        method: 'GET',
        path: '/reviews/1?verbose=true',
        host: 'reviews:9080',
        scheme: 'http',
        protocol: 'HTTP/1.1',
        size: 0,
        headers: {
          ':authority': 'reviews:9080',
          ':method': 'GET',
          ':path': '/reviews/1?verbose=true',
          ':scheme': 'http',
          'user-agent': 'curl/8.5.0',
          accept: '*/*',
          'x-request-id': '5b5f2d04-6a9c-4c9e-9f6e-0123456789ab',
          'x-forwarded-proto': 'http',
          'x-b3-traceid': '463ac35c9f6413ad48485a3953bb6124',
          'x-b3-spanid': 'a2fb4a1d1a96d312',
          'x-b3-sampled': '1',
          cookie: `session=${'c'.repeat(300)}`,
          'end-user': 'jason',
        },
      },
    },
    contextExtensions: {
      'context.reporter.kind': 'inbound',
      'context.reporter.uid': 'kubernetes://reviews-v1.default',
      'destination.uid': 'kubernetes://reviews-v1.default',
      'destination.namespace': 'default',
      'destination.service.host': 'reviews.default.svc.cluster.local',
      'destination.service.name': 'reviews',
      'destination.service.namespace': 'default',
    },
  },
}).finish();

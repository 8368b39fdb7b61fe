import type { AttributeManifest, ValueType } from '#config';

/**
 * The attributes that Istio's installation declared in its manifests `istioproxy` and `kubernetes`: known here without
 * any config, so that a mesh of a few rules needs no manifest of its own.
 */
const ISTIO_PROXY: Partial<Record<ValueType, readonly string[]>> = {
  STRING: [
    ...['origin.uid', 'origin.user', 'request.id', 'request.host', 'request.method', 'request.path'],
    ...['request.url_path', 'request.reason', 'request.referer', 'request.scheme', 'request.useragent'],
    ...['response.grpc_status', 'response.grpc_message', 'source.uid', 'source.user', 'source.principal'],
    ...['destination.uid', 'destination.principal', 'connection.event', 'connection.id'],
    ...[
      'connection.requested_server_name',
      'context.protocol',
      'context.proxy_error_code',
      'context.proxy_version',
    ],
    ...['context.reporter.kind', 'context.reporter.uid', 'api.service', 'api.version', 'api.operation'],
    ...['api.protocol', 'request.auth.principal', 'request.auth.audiences', 'request.auth.presenter'],
    ...['request.auth.raw_claims', 'request.api_key', 'rbac.permissive.response_code'],
    ...['rbac.permissive.effective_policy_id', 'check.error_message'],
  ],
  STRING_MAP: ['request.headers', 'request.query_params', 'response.headers', 'request.auth.claims'],
  IP_ADDRESS: ['origin.ip'],
  TIMESTAMP: ['request.time', 'response.time', 'context.timestamp', 'context.time'],
  DURATION: ['response.duration', 'connection.duration'],
  BOOL: ['connection.mtls', 'context.reporter.local', 'check.cache_hit', 'quota.cache_hit'],
  INT64: [
    ...['request.size', 'request.total_size', 'response.code', 'response.size', 'response.total_size'],
    ...['destination.port', 'connection.received.bytes', 'connection.received.bytes_total'],
    ...['connection.sent.bytes', 'connection.sent.bytes_total', 'check.error_code'],
  ],
};

const KUBERNETES: Partial<Record<ValueType, readonly string[]>> = {
  STRING: [
    ...['source.name', 'source.namespace', 'source.owner', 'source.serviceAccount', 'source.services'],
    ...['source.workload.uid', 'source.workload.name', 'source.workload.namespace', 'destination.owner'],
    ...[
      'destination.name',
      'destination.container.name',
      'destination.container.image',
      'destination.namespace',
    ],
    ...['destination.serviceAccount', 'destination.service.uid', 'destination.service.name'],
    ...['destination.service.namespace', 'destination.service.host', 'destination.workload.uid'],
    ...['destination.workload.name', 'destination.workload.namespace'],
  ],
  STRING_MAP: ['source.labels', 'source.metadata', 'destination.labels', 'destination.metadata'],
  IP_ADDRESS: ['source.ip', 'destination.ip'],
};

export const BUILT_IN_MANIFESTS: readonly AttributeManifest[] = [
  manifest('istioproxy', ISTIO_PROXY),
  manifest('kubernetes', KUBERNETES),
];

function manifest(name: string, byType: Partial<Record<ValueType, readonly string[]>>): AttributeManifest {
  const pairs = (Object.keys(byType) as ValueType[]).flatMap((valueType) =>
    (byType[valueType] ?? []).map((attribute) => [attribute, { valueType }] as const),
  );
  return { name, attributes: Object.fromEntries(pairs) };
}

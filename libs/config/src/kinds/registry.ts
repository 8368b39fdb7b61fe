/**
 * Every kind that Quartet reads, with the API versions it is served in. All versions of a kind have one storage form,
 * so a version only has to be known, never converted.
 */
export interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly versions: readonly string[];
}

const NETWORKING = 'networking.istio.io';
const SECURITY = 'security.istio.io';
const CONFIG = 'config.istio.io';

const networking = (kind: string, plural: string): Kind => ({
  group: NETWORKING,
  kind,
  plural,
  versions: ['v1', 'v1beta1', 'v1alpha3'],
});
const security = (kind: string, plural: string): Kind => ({
  group: SECURITY,
  kind,
  plural,
  versions: ['v1', 'v1beta1'],
});
const config = (kind: string, plural: string): Kind => ({
  group: CONFIG,
  kind,
  plural,
  versions: ['v1alpha2'],
});

export const KINDS: readonly Kind[] = [
  networking('VirtualService', 'virtualservices'),
  networking('DestinationRule', 'destinationrules'),
  networking('Gateway', 'gateways'),
  networking('ServiceEntry', 'serviceentries'),
  networking('WorkloadEntry', 'workloadentries'),
  networking('WorkloadGroup', 'workloadgroups'),
  networking('Sidecar', 'sidecars'),
  { group: NETWORKING, kind: 'ProxyConfig', plural: 'proxyconfigs', versions: ['v1beta1'] },
  { group: NETWORKING, kind: 'EnvoyFilter', plural: 'envoyfilters', versions: ['v1alpha3'] },
  security('PeerAuthentication', 'peerauthentications'),
  { group: 'telemetry.istio.io', kind: 'Telemetry', plural: 'telemetries', versions: ['v1', 'v1alpha1'] },
  config('rule', 'rules'),
  config('handler', 'handlers'),
  config('instance', 'instances'),
  config('attributemanifest', 'attributemanifests'),
  config('QuotaSpec', 'quotaspecs'),
  config('QuotaSpecBinding', 'quotaspecbindings'),
];

/** MeshConfig is no kind of the API: it is read from ConfigMap `istio` and stored under MESH_CONFIG_KEY. */
export const MESH_CONFIG: Kind = {
  group: 'mesh.istio.io',
  kind: 'MeshConfig',
  plural: 'meshconfigs',
  versions: ['v1alpha1'],
};

/** Nor is this: `defaultConfig` of MeshConfig, which a proxy may have of its own as metadata PROXY_CONFIG. */
export const MESH_PROXY_CONFIG: Kind = {
  ...MESH_CONFIG,
  kind: 'MeshProxyConfig',
  plural: 'meshproxyconfigs',
};

/** Istio's kinds that Quartet knows of and does not act on: said aloud, because some of them grant or deny. */
const UNSUPPORTED: ReadonlyMap<string, readonly string[]> = new Map([
  [SECURITY, ['AuthorizationPolicy', 'RequestAuthentication']],
  ['extensions.istio.io', ['WasmPlugin']],
  ['install.istio.io', ['IstioOperator']],
  ['authentication.istio.io', ['Policy', 'MeshPolicy']],
  [
    'rbac.istio.io',
    ['ClusterRbacConfig', 'RbacConfig', 'ServiceRole', 'ServiceRoleBinding', 'AuthorizationPolicy'],
  ],
  [CONFIG, ['template', 'adapter', 'HTTPAPISpec', 'HTTPAPISpecBinding', ...legacyPolicyKinds()]],
]);

/** Kinds of their own that Mixer's templates and adapters had before `instance` and `handler`. */
function legacyPolicyKinds(): string[] {
  const templates =
    'apikey authorization checknothing edge kubernetes listentry logentry metric quota reportnothing tracespan';
  const adapters =
    'bypass circonus cloudwatch denier dogstatsd fluentd kubernetesenv listchecker memquota noop opa prometheus ' +
    'rbac redisquota signalfx solarwinds stackdriver statsd stdio zipkin';
  return `${templates} ${adapters}`.split(' ');
}

const byName: ReadonlyMap<string, Kind> = new Map(
  [...KINDS, MESH_CONFIG].map((kind) => [`${kind.group}/${kind.kind}`, kind]),
);

export function findKind(group: string, kind: string): Kind | undefined {
  return byName.get(`${group}/${kind}`);
}

/** True for the API groups of Istio, whether or not Quartet reads a kind of them. */
export function isIstioGroup(group: string): boolean {
  return group.endsWith('.istio.io') || UNSUPPORTED.has(group);
}

/** True for a kind that Istio has and Quartet does not act on. */
export function isUnsupportedKind(group: string, kind: string): boolean {
  return UNSUPPORTED.get(group)?.includes(kind) ?? false;
}

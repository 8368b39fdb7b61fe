import type {
  ExtensionProvider,
  HTTPRetry,
  MeshConfig,
  MeshProxyConfig,
  PathNormalization,
  ResourceKey,
  TLSConfig,
} from '#config';

/** Settings that have a meaning of their own where nobody states them. */
type Optional = 'tcpKeepalive' | 'defaultHttpRetryPolicy' | 'meshMTLS' | 'tlsDefaults';
type Unwrapped = 'outboundTrafficPolicy' | 'inboundTrafficPolicy' | 'pathNormalization';

/** MeshConfig with every default filled in: today's Istio's, and Mixer's of 1.4. */
export interface Mesh extends Required<Omit<MeshConfig, Optional | Unwrapped>> {
  readonly tcpKeepalive?: NonNullable<MeshConfig['tcpKeepalive']>;
  /** Where a route states no retries; without it Istio's own policy. */
  readonly defaultHttpRetryPolicy?: HTTPRetry;
  readonly meshMTLS?: TLSConfig;
  readonly tlsDefaults?: TLSConfig;
  readonly outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  readonly inboundTrafficPolicy: 'PASSTHROUGH' | 'LOCALHOST';
  readonly pathNormalization: Exclude<PathNormalization, 'DEFAULT'>;
  /** Key of the MeshConfig resource; empty where there is none. */
  readonly sources: readonly ResourceKey[];
}

/** Providers that every mesh has, unless it has others of these names. */
const PROVIDERS: readonly ExtensionProvider[] = [
  { name: 'prometheus', prometheus: {} },
  { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout' } },
];

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig */
const DEFAULTS: Omit<Mesh, 'sources' | Unwrapped> = {
  rootNamespace: 'istio-system',
  discoverySelectors: [],
  serviceSettings: [],
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  proxyListenPort: 15001,
  proxyInboundListenPort: 15006,
  proxyHttpPort: 0,
  protocolDetectionTimeout: '0s',
  connectTimeout: '10s',
  dnsRefreshRate: '60s',
  h2UpgradePolicy: 'DO_NOT_UPGRADE',
  localityLbSetting: { enabled: true },
  inboundClusterStatName: '',
  outboundClusterStatName: '',
  enableAutoMtls: true,
  verifyCertificateAtClient: true,
  accessLogFile: '',
  accessLogFormat: '',
  accessLogEncoding: 'TEXT',
  enableEnvoyAccessLogService: false,
  disableEnvoyListenerLog: false,
  enableTracing: true,
  defaultConfig: {},
  extensionProviders: [],
  defaultProviders: {},
  mixerCheckServer: 'istio-policy.istio-system.svc.cluster.local:9091',
  mixerReportServer: 'istio-telemetry.istio-system.svc.cluster.local:9091',
  disablePolicyChecks: true,
  disableMixerHttpReports: false,
  policyCheckFailOpen: false,
  reportBatchMaxTime: '1s',
  defaultServiceExportTo: ['*'],
  defaultVirtualServiceExportTo: ['*'],
  defaultDestinationRuleExportTo: ['*'],
};

export function meshWithDefaults(config: MeshConfig, sources: readonly ResourceKey[]): Mesh {
  const given = Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== null),
  );
  const { normalization } = config.pathNormalization ?? {};
  return {
    ...DEFAULTS,
    ...given,
    outboundTrafficPolicy: config.outboundTrafficPolicy?.mode ?? 'ALLOW_ANY',
    inboundTrafficPolicy: config.inboundTrafficPolicy?.mode ?? 'PASSTHROUGH',
    pathNormalization: !normalization || normalization === 'DEFAULT' ? 'BASE' : normalization,
    defaultConfig: proxyConfig(config.defaultConfig ?? {}),
    extensionProviders: withBuiltIn(config.extensionProviders ?? []),
    sources,
  };
}

/** `zipkinAddress` is the old way to say `tracing.zipkin`. */
function proxyConfig({ zipkinAddress, ...config }: MeshProxyConfig): MeshProxyConfig {
  if (!zipkinAddress || config.tracing) return config;
  return { ...config, tracing: { zipkin: { address: zipkinAddress } } };
}

function withBuiltIn(own: readonly ExtensionProvider[]): ExtensionProvider[] {
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...PROVIDERS.filter(({ name }) => !names.has(name))];
}

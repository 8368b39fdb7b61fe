import type { DurationText } from '../duration.js';
import type { LocalityLoadBalancerSetting, TcpKeepalive } from './destination-rule.js';
import type { ExtensionProvider } from './extension-provider.js';
import type { HTTPRetry } from './networking.js';
import type { MeshProxyConfig } from './proxy-config.js';

/** Versions and algorithms of TLS; empty lists: Envoy's own. */
export interface TLSConfig {
  minProtocolVersion?: 'TLS_AUTO' | 'TLSV1_2' | 'TLSV1_3';
  ecdhCurves?: string[];
  cipherSuites?: string[];
}

/** What labels have to be: all of it. One that states nothing is met by any. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: {
    key: string;
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    /** For In and NotIn, at least one. */
    values?: string[];
  }[];
}

export type PathNormalization = 'DEFAULT' | 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';

/**
 * MeshConfig, from ConfigMap `istio` in `istio-system`, key `mesh`. In the log it is the resource
 * `mesh.istio.io/MeshConfig/istio-system/istio`.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
 */
export interface MeshConfig {
  rootNamespace?: string;
  /** Settings of services by their hosts, wildcards included; of several that fit the most specific counts. */
  serviceSettings?: { settings?: { clusterLocal?: boolean }; hosts?: string[] }[];
  /** The namespaces that Pilot takes notice of: those that meet any of these; empty: all. */
  discoverySelectors?: LabelSelector[];
  trustDomain?: string;
  trustDomainAliases?: string[];

  proxyListenPort?: number;
  proxyInboundListenPort?: number;
  proxyHttpPort?: number;
  protocolDetectionTimeout?: DurationText;
  pathNormalization?: { normalization?: PathNormalization };
  outboundTrafficPolicy?: { mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY' };
  inboundTrafficPolicy?: { mode?: 'PASSTHROUGH' | 'LOCALHOST' };
  defaultHttpRetryPolicy?: HTTPRetry;

  connectTimeout?: DurationText;
  tcpKeepalive?: TcpKeepalive;
  dnsRefreshRate?: DurationText;
  h2UpgradePolicy?: 'DO_NOT_UPGRADE' | 'UPGRADE';
  localityLbSetting?: LocalityLoadBalancerSetting;
  /** Patterns with %SERVICE%, %SERVICE_FQDN%, %SERVICE_PORT%, %TARGET_PORT%, %SERVICE_PORT_NAME%, %SUBSET_NAME%. */
  inboundClusterStatName?: string;
  outboundClusterStatName?: string;

  enableAutoMtls?: boolean;
  verifyCertificateAtClient?: boolean;
  /** TLS between workloads. */
  meshMTLS?: TLSConfig;
  /** All other TLS. */
  tlsDefaults?: TLSConfig;

  accessLogFile?: string;
  accessLogFormat?: string;
  accessLogEncoding?: 'TEXT' | 'JSON';
  enableEnvoyAccessLogService?: boolean;
  disableEnvoyListenerLog?: boolean;
  enableTracing?: boolean;
  defaultConfig?: MeshProxyConfig;
  extensionProviders?: ExtensionProvider[];
  defaultProviders?: { tracing?: string[]; metrics?: string[]; accessLogging?: string[] };

  /** Mixer's address as proxies know it, `host:port`. */
  mixerCheckServer?: string;
  mixerReportServer?: string;
  /** Istio 1.4's default is true: no policy checks unless asked for. */
  disablePolicyChecks?: boolean;
  disableMixerHttpReports?: boolean;
  /** True: a Mixer that does not answer lets requests pass. */
  policyCheckFailOpen?: boolean;
  reportBatchMaxTime?: DurationText;

  defaultServiceExportTo?: string[];
  defaultVirtualServiceExportTo?: string[];
  defaultDestinationRuleExportTo?: string[];
}

export const MESH_CONFIG_KEY = 'mesh.istio.io/MeshConfig/istio-system/istio';

import type { DurationText } from './networking.js';

/**
 * MeshConfig, from ConfigMap `istio` in `istio-system`, key `mesh`. In the log it is the resource
 * `mesh.istio.io/MeshConfig/istio-system/istio`.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
 */
export interface MeshConfig {
  rootNamespace?: string;
  trustDomain?: string;
  connectTimeout?: DurationText;
  proxyHttpPort?: number;
  enableAutoMtls?: boolean;
  outboundTrafficPolicy?: { mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY' };
  accessLogFile?: string;
  accessLogFormat?: string;
  accessLogEncoding?: 'TEXT' | 'JSON';
  protocolDetectionTimeout?: DurationText;
  dnsRefreshRate?: DurationText;
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

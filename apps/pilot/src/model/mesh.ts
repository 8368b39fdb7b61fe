import type { MeshConfig, ResourceKey } from '#config';

/** MeshConfig with every default filled in: today's Istio's, and Mixer's of 1.4. */
export interface Mesh extends Required<Omit<MeshConfig, 'outboundTrafficPolicy'>> {
  readonly outboundTrafficPolicy: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  /** Key of the MeshConfig resource; empty where there is none. */
  readonly sources: readonly ResourceKey[];
}

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig */
const DEFAULTS: Omit<Mesh, 'outboundTrafficPolicy' | 'sources'> = {
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  connectTimeout: '10s',
  proxyHttpPort: 0,
  enableAutoMtls: true,
  accessLogFile: '',
  accessLogFormat: '',
  accessLogEncoding: 'TEXT',
  protocolDetectionTimeout: '0s',
  dnsRefreshRate: '60s',
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
  const mode = config.outboundTrafficPolicy?.mode ?? 'ALLOW_ANY';
  return { ...DEFAULTS, ...given, outboundTrafficPolicy: mode, sources };
}

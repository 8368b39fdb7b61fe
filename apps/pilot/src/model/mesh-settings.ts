import type { Mesh } from './mesh.js';

/** Settings that the same resources depend on: a change of one makes these again, and no others. */
export type MeshSettings =
  | 'discovery'
  | 'visibility'
  | 'identity'
  | 'tls'
  | 'listeners'
  | 'outbound'
  | 'clusters'
  | 'retries'
  | 'telemetry'
  | 'proxies'
  | 'mixer'
  | 'sources';

const SETTINGS: Readonly<Record<keyof Required<Mesh>, MeshSettings>> = {
  discoverySelectors: 'discovery',
  serviceSettings: 'clusters',
  rootNamespace: 'visibility',
  defaultServiceExportTo: 'visibility',
  defaultVirtualServiceExportTo: 'visibility',
  defaultDestinationRuleExportTo: 'visibility',
  trustDomain: 'identity',
  trustDomainAliases: 'identity',
  enableAutoMtls: 'identity',
  verifyCertificateAtClient: 'tls',
  meshMTLS: 'tls',
  tlsDefaults: 'tls',
  proxyListenPort: 'listeners',
  proxyInboundListenPort: 'listeners',
  proxyHttpPort: 'listeners',
  protocolDetectionTimeout: 'listeners',
  pathNormalization: 'listeners',
  outboundTrafficPolicy: 'outbound',
  inboundTrafficPolicy: 'clusters',
  connectTimeout: 'clusters',
  tcpKeepalive: 'clusters',
  dnsRefreshRate: 'clusters',
  h2UpgradePolicy: 'clusters',
  localityLbSetting: 'clusters',
  inboundClusterStatName: 'clusters',
  outboundClusterStatName: 'clusters',
  defaultHttpRetryPolicy: 'retries',
  accessLogFile: 'telemetry',
  accessLogFormat: 'telemetry',
  accessLogEncoding: 'telemetry',
  enableEnvoyAccessLogService: 'telemetry',
  disableEnvoyListenerLog: 'telemetry',
  enableTracing: 'telemetry',
  extensionProviders: 'telemetry',
  defaultProviders: 'telemetry',
  defaultConfig: 'proxies',
  mixerCheckServer: 'mixer',
  mixerReportServer: 'mixer',
  disablePolicyChecks: 'mixer',
  disableMixerHttpReports: 'mixer',
  policyCheckFailOpen: 'mixer',
  reportBatchMaxTime: 'mixer',
  sources: 'sources',
};

const NAMES = Object.keys(SETTINGS) as (keyof Mesh)[];

/** The groups in which two meshes differ. */
export function changedSettings(before: Mesh, after: Mesh): Set<MeshSettings> {
  const changed = NAMES.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return new Set(changed.map((name) => SETTINGS[name]));
}

/** The mesh as a view shows it: each read of a setting records the group that it belongs to. */
export function recordedMesh(mesh: Mesh, record: (settings: MeshSettings) => void): Mesh {
  return new Proxy(mesh, {
    get: (target, name) => {
      const settings = SETTINGS[name as keyof Mesh] as MeshSettings | undefined;
      if (settings) record(settings);
      return Reflect.get(target, name) as unknown;
    },
  });
}

import { bool, duration, int32, labels, list, message, noEffect, oneOf, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';
import { localityLbSetting, tcpKeepalive } from './destination-rule.js';
import { extensionProvider } from './extension-provider.js';
import { meshProxyConfig } from './proxy-config.js';
import { retries } from './virtual-service.js';

const OF_MIXER_FILTER = "it was a setting of Mixer's own filter, which upstream Envoy does not have";
const ALL_CLUSTERS = 'it is for ambient meshes; serviceSettings keep services to their clusters';
const NO_INGRESS = 'Ingress resources are not read';
const CERTIFICATES_BY_CITADEL = "certificates are Citadel's";

const tlsConfig = message({
  minProtocolVersion: oneOf('TLS_AUTO', 'TLSV1_2', 'TLSV1_3'),
  ecdhCurves: list(text),
  cipherSuites: list(text),
});

const labelSelector = message({
  matchLabels: labels,
  matchExpressions: list(
    message({ key: text, operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(text) }),
  ),
});

/** Settings of Istio's without meaning here, and why. */
const WITHOUT_EFFECT = {
  accessLogEnvoyFormat: noEffect('it is no setting of Istio any more; use accessLogFormat'),
  authPolicy: noEffect('mTLS is a matter of PeerAuthentication'),
  ca: noEffect(CERTIFICATES_BY_CITADEL),
  caCertificates: noEffect(CERTIFICATES_BY_CITADEL),
  certificates: noEffect(CERTIFICATES_BY_CITADEL),
  configSources: noEffect('config comes from Galley, which is told its sources by flags'),
  defaultTrafficPolicy: noEffect('a DestinationRule of the root namespace for * says the same'),
  disableReportBatch: noEffect(OF_MIXER_FILTER),
  dnsResolverConfig: noEffect('an Envoy asks the name server of its host'),
  egressProxyAddress: noEffect('use outboundTrafficPolicy.egressProxy of a Sidecar'),
  enableClientSidePolicyCheck: noEffect('Mixer checks at the server, where nobody can go round it'),
  enablePrometheusMerge: noEffect('an application and its proxy are scraped apart'),
  enableSdsTokenMount: noEffect(CERTIFICATES_BY_CITADEL),
  hboneIdleTimeout: noEffect('there are no HBONE tunnels here'),
  ingressClass: noEffect(NO_INGRESS),
  ingressControllerMode: noEffect(NO_INGRESS),
  ingressSelector: noEffect(NO_INGRESS),
  ingressService: noEffect(NO_INGRESS),
  mixerAddress: noEffect('use mixerCheckServer and mixerReportServer'),
  mixerCheckServerNamespace: noEffect('mixerCheckServer is a full name'),
  rdsRefreshDelay: noEffect('discovery is a stream, nothing is polled'),
  reportBatchMaxEntries: noEffect('an Envoy sends its reports by time and size: use reportBatchMaxTime'),
  sdsRefreshDelay: noEffect(CERTIFICATES_BY_CITADEL),
  sdsUdsPath: noEffect(CERTIFICATES_BY_CITADEL),
  sdsUseK8sSaJwt: noEffect(CERTIFICATES_BY_CITADEL),
  serviceEntryVisibility: noEffect('use exportTo and defaultServiceExportTo'),
  serviceScopeConfigs: noEffect(ALL_CLUSTERS),
  sidecarToTelemetrySessionAffinity: noEffect('a stream of reports stays with one Mixer anyway'),
  thriftConfig: noEffect('Istio has taken it back'),
  zoneAwareLbSetting: noEffect('use localityLbSetting'),
};

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig */
export const meshConfig: Schema = message({
  ...WITHOUT_EFFECT,
  rootNamespace: text,
  serviceSettings: list(message({ settings: message({ clusterLocal: bool }), hosts: list(text) })),
  discoverySelectors: list(labelSelector),
  trustDomain: text,
  trustDomainAliases: list(text),
  proxyListenPort: int32,
  proxyInboundListenPort: int32,
  proxyHttpPort: uint32,
  connectTimeout: duration,
  tcpKeepalive,
  dnsRefreshRate: duration,
  protocolDetectionTimeout: duration,
  h2UpgradePolicy: oneOf('DO_NOT_UPGRADE', 'UPGRADE'),
  localityLbSetting,
  inboundClusterStatName: text,
  outboundClusterStatName: text,
  outboundTrafficPolicy: message({ mode: oneOf('REGISTRY_ONLY', 'ALLOW_ANY') }),
  inboundTrafficPolicy: message({ mode: oneOf('PASSTHROUGH', 'LOCALHOST') }),
  pathNormalization: message({
    normalization: oneOf('DEFAULT', 'NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'),
  }),
  defaultHttpRetryPolicy: retries,
  enableAutoMtls: bool,
  verifyCertificateAtClient: bool,
  meshMTLS: tlsConfig,
  tlsDefaults: tlsConfig,
  accessLogFile: text,
  accessLogFormat: text,
  accessLogEncoding: oneOf('TEXT', 'JSON'),
  enableEnvoyAccessLogService: bool,
  disableEnvoyListenerLog: bool,
  enableTracing: bool,
  defaultConfig: meshProxyConfig,
  extensionProviders: list(extensionProvider),
  defaultProviders: message({ tracing: list(text), metrics: list(text), accessLogging: list(text) }),
  mixerCheckServer: text,
  mixerReportServer: text,
  disablePolicyChecks: bool,
  disableMixerHttpReports: bool,
  policyCheckFailOpen: bool,
  reportBatchMaxTime: duration,
  defaultServiceExportTo: list(text),
  defaultVirtualServiceExportTo: list(text),
  defaultDestinationRuleExportTo: list(text),
});

import type { LabelSelector, MeshConfig } from '../kinds/mesh.js';
import type { LogLabels } from '../kinds/extension-provider.js';
import type { Scope } from '../problem.js';
import { checkServerAddress } from './address-text.js';
import { checkExtensionProvider } from './extension-provider.js';
import { checkFormat, checkFormatLabels } from './format.js';
import { checkRetries } from './http-retries.js';
import { checkLocality } from './locality.js';
import { checkMeshProxyConfig, checkStartSettings } from './proxy-config.js';
import { checkDuration, checkExportTo, checkRange, checkUnique, isDnsLabel, isHostName } from './text.js';
import { checkTlsConfig } from './tls-config.js';
import { checkKeepalive } from './traffic-policy.js';

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig */
export function checkMeshConfig(spec: MeshConfig, scope: Scope): void {
  checkIdentity(spec, scope);
  spec.discoverySelectors?.forEach((selector, index) =>
    checkLabelSelector(selector, scope.at('discoverySelectors', index)),
  );
  checkTraffic(spec, scope);
  checkTlsConfig(spec.meshMTLS, scope.at('meshMTLS'));
  checkTlsConfig(spec.tlsDefaults, scope.at('tlsDefaults'));
  checkLogs(spec, scope);
  checkMeshProxyConfig(spec.defaultConfig, scope.at('defaultConfig'));
  checkStartSettings(spec.defaultConfig ?? {}, scope.at('defaultConfig'));
  checkProviders(spec, scope);
  for (const field of ['mixerCheckServer', 'mixerReportServer'] as const)
    checkServerAddress(spec[field], scope.at(field));
  checkDuration(spec.reportBatchMaxTime, scope.at('reportBatchMaxTime'));
  checkExportTo(spec.defaultServiceExportTo, scope.at('defaultServiceExportTo'));
  checkExportTo(spec.defaultVirtualServiceExportTo, scope.at('defaultVirtualServiceExportTo'));
  checkExportTo(spec.defaultDestinationRuleExportTo, scope.at('defaultDestinationRuleExportTo'));
}

function checkIdentity({ trustDomain, trustDomainAliases, rootNamespace }: MeshConfig, scope: Scope): void {
  if (trustDomain !== undefined && !isHostName(trustDomain))
    scope.at('trustDomain').error(`invalid trust domain ${JSON.stringify(trustDomain)}`);
  trustDomainAliases?.forEach((alias, index) => {
    if (!isHostName(alias))
      scope.at('trustDomainAliases', index).error(`invalid trust domain ${JSON.stringify(alias)}`);
  });
  if (rootNamespace !== undefined && !isDnsLabel(rootNamespace))
    scope.at('rootNamespace').error(`invalid namespace ${JSON.stringify(rootNamespace)}`);
}

function checkLabelSelector({ matchExpressions = [] }: LabelSelector, scope: Scope): void {
  matchExpressions.forEach(({ key, operator, values = [] }, index) => {
    const at = scope.at('matchExpressions', index);
    if (!key) at.at('key').error('a key is required');
    if (!operator) at.at('operator').error('one of In, NotIn, Exists and DoesNotExist is required');
    const compares = operator === 'In' || operator === 'NotIn';
    if (compares && values.length === 0) at.at('values').error(`${operator} needs at least one value`);
    if (operator && !compares && values.length > 0) at.at('values').error(`${operator} takes no values`);
  });
}

function checkTraffic(spec: MeshConfig, scope: Scope): void {
  checkRange(spec.proxyHttpPort, 0, 65535, scope.at('proxyHttpPort'));
  for (const field of ['proxyListenPort', 'proxyInboundListenPort'] as const)
    checkRange(spec[field], 1, 65535, scope.at(field));
  if (spec.proxyListenPort !== undefined && spec.proxyListenPort === spec.proxyInboundListenPort)
    scope.at('proxyInboundListenPort').error('has to differ from proxyListenPort');
  checkDuration(spec.connectTimeout, scope.at('connectTimeout'));
  checkDuration(spec.dnsRefreshRate, scope.at('dnsRefreshRate'));
  checkDuration(spec.protocolDetectionTimeout, scope.at('protocolDetectionTimeout'), { zero: true });
  checkKeepalive(spec.tcpKeepalive, scope.at('tcpKeepalive'));
  checkLocality(spec.localityLbSetting, scope.at('localityLbSetting'));
  checkRetries(spec.defaultHttpRetryPolicy, scope.at('defaultHttpRetryPolicy'));
  for (const field of ['inboundClusterStatName', 'outboundClusterStatName'] as const)
    checkStatName(spec[field], scope.at(field));
}

const STAT_NAME_PARTS = new Set(
  'SERVICE SERVICE_NAME SERVICE_FQDN SERVICE_PORT SERVICE_PORT_NAME SERVICE_TARGET_PORT TARGET_PORT SUBSET_NAME'.split(
    ' ',
  ),
);

function checkStatName(pattern: string | undefined, scope: Scope): void {
  for (const [, name = ''] of (pattern ?? '').matchAll(/%([^%]*)%/g)) {
    if (!STAT_NAME_PARTS.has(name))
      scope.error(`%${name}% is none of %${[...STAT_NAME_PARTS].join('%, %')}%`);
  }
}

/** With encoding JSON the format is a JSON object of texts. */
function checkLogs({ accessLogEncoding, accessLogFormat = '' }: MeshConfig, scope: Scope): void {
  const at = scope.at('accessLogFormat');
  if (accessLogEncoding !== 'JSON') return checkFormat(accessLogFormat, at);
  if (accessLogFormat === '') return;
  try {
    const labels: unknown = JSON.parse(accessLogFormat);
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) throw new Error('no object');
    checkFormatLabels(labels as LogLabels, at);
  } catch {
    at.error('has to be a JSON object of texts, as accessLogEncoding is JSON');
  }
}

/** Providers that Istio has without being told. */
const BUILT_IN = ['prometheus', 'stackdriver', 'envoy'];

function checkProviders({ extensionProviders = [], defaultProviders = {} }: MeshConfig, scope: Scope): void {
  extensionProviders.forEach((provider, index) =>
    checkExtensionProvider(provider, scope.at('extensionProviders', index)),
  );
  const names = extensionProviders.map(({ name }) => name);
  checkUnique(names, scope.at('extensionProviders'), 'provider');
  const known = new Set([...BUILT_IN, ...names]);
  for (const use of ['tracing', 'metrics', 'accessLogging'] as const) {
    defaultProviders[use]?.forEach((name, index) => {
      const at = scope.at('defaultProviders', use, index);
      if (!known.has(name)) at.warn('reference', `no extensionProvider is called ${JSON.stringify(name)}`);
    });
  }
}

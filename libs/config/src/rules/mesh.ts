import type { MeshConfig } from '../kinds/mesh.js';
import type { Scope } from '../problem.js';
import { checkDuration, checkExportTo, checkRange, isAddress, isDnsLabel, isHostName } from './text.js';

export function checkMeshConfig(spec: MeshConfig, scope: Scope): void {
  checkRange(spec.proxyHttpPort, 0, 65535, scope.at('proxyHttpPort'));
  checkDuration(spec.connectTimeout, scope.at('connectTimeout'));
  checkDuration(spec.dnsRefreshRate, scope.at('dnsRefreshRate'));
  checkDuration(spec.protocolDetectionTimeout, scope.at('protocolDetectionTimeout'), { zero: true });
  checkDuration(spec.reportBatchMaxTime, scope.at('reportBatchMaxTime'));
  if (spec.trustDomain !== undefined && !isHostName(spec.trustDomain)) {
    scope.at('trustDomain').error(`invalid trust domain ${JSON.stringify(spec.trustDomain)}`);
  }
  if (spec.rootNamespace !== undefined && !isDnsLabel(spec.rootNamespace)) {
    scope.at('rootNamespace').error(`invalid namespace ${JSON.stringify(spec.rootNamespace)}`);
  }
  for (const field of ['mixerCheckServer', 'mixerReportServer'] as const)
    checkServer(spec[field], scope.at(field));
  checkExportTo(spec.defaultServiceExportTo, scope.at('defaultServiceExportTo'));
  checkExportTo(spec.defaultVirtualServiceExportTo, scope.at('defaultVirtualServiceExportTo'));
  checkExportTo(spec.defaultDestinationRuleExportTo, scope.at('defaultDestinationRuleExportTo'));
}

/** `host:port`; empty stands for none. */
function checkServer(server: string | undefined, scope: Scope): void {
  if (!server) return;
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(server) ?? [];
  const isFine = (isHostName(host) || isAddress(host)) && Number(port) >= 1 && Number(port) <= 65535;
  if (!isFine) scope.error(`has to be host:port, not ${JSON.stringify(server)}`);
}

import type { ServiceEntry, WorkloadEntry, WorkloadGroup } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkServicePort } from './port.js';
import {
  checkExportTo,
  checkLabels,
  checkPort,
  checkUnique,
  isAddress,
  isAddressOrNetwork,
  isDnsLabel,
  isHostName,
  isWildcardHost,
} from './text.js';

/** @see https://istio.io/latest/docs/reference/config/networking/service-entry/ */
export function checkServiceEntry(spec: ServiceEntry, scope: Scope): void {
  checkHosts(spec, scope.at('hosts'));
  checkAddresses(spec, scope.at('addresses'));
  checkPorts(spec, scope.at('ports'));
  checkResolution(spec, scope);
  spec.endpoints?.forEach((endpoint, index) => checkEndpoint(endpoint, spec, scope.at('endpoints', index)));
  checkLabels(spec.workloadSelector?.labels, scope.at('workloadSelector', 'labels'));
  checkExportTo(spec.exportTo, scope.at('exportTo'));
}

function checkHosts(spec: ServiceEntry, scope: Scope): void {
  const hosts = spec.hosts ?? [];
  if (hosts.length === 0) scope.error('service entry must have at least one host');
  hosts.forEach((host, index) => {
    if (host === '*') scope.at(index).error('the full wildcard * is not a host');
    else if (!isWildcardHost(host)) scope.at(index).error(`invalid host ${JSON.stringify(host)}`);
  });
  checkUnique(hosts, scope, 'host');
}

function checkAddresses(spec: ServiceEntry, scope: Scope): void {
  const withNetworks = ['NONE', 'STATIC'].includes(spec.resolution ?? 'NONE');
  spec.addresses?.forEach((address, index) => {
    if (!isAddressOrNetwork(address)) scope.at(index).error(`invalid address ${JSON.stringify(address)}`);
    else if (address.includes('/') && !withNetworks) {
      scope.at(index).error('CIDR addresses are allowed only for NONE/STATIC resolution types');
    }
  });
}

function checkPorts(spec: ServiceEntry, scope: Scope): void {
  const ports = spec.ports ?? [];
  ports.forEach((port, index) => {
    checkServicePort(port, scope.at(index), { sniffed: true });
    if (!port.name) scope.at(index).error('port needs a name');
  });
  checkUnique(
    ports.map((port) => port.name || undefined),
    scope,
    'port name',
  );
  checkUnique(
    ports.map((port) => port.number?.toString()),
    scope,
    'port number',
  );
}

function checkResolution(spec: ServiceEntry, scope: Scope): void {
  const resolution = spec.resolution ?? 'NONE';
  const endpoints = spec.endpoints ?? [];
  if (spec.workloadSelector && endpoints.length > 0) {
    scope.error('only one of workloadSelector and endpoints is allowed in a service entry');
  }
  const wildcard = (spec.hosts ?? []).some((host) => host.startsWith('*'));
  if (resolution === 'NONE' && endpoints.length > 0) {
    scope.at('endpoints').error('no endpoints should be provided for resolution type none');
  }
  if (resolution === 'STATIC' && endpoints.length === 0 && !spec.workloadSelector) {
    scope.warn('noEffect', 'neither endpoints nor a workloadSelector: nothing answers for this host');
  }
  const resolves = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  if (resolves && endpoints.length === 0 && !spec.workloadSelector && wildcard) {
    scope
      .at('hosts')
      .error(`hosts must be full names if no endpoints are provided for resolution mode ${resolution}`);
  }
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
    scope.at('endpoints').error('there must only be 0 or 1 endpoint for resolution mode DNS_ROUND_ROBIN');
  }
  if (resolution === 'DYNAMIC_DNS' && endpoints.length > 0) {
    scope.at('endpoints').error('no endpoints should be provided for resolution type dynamic dns');
  }
}

function checkEndpoint(endpoint: WorkloadEntry, spec: ServiceEntry, scope: Scope): void {
  checkWorkloadEntry(endpoint, scope);
  const address = endpoint.address ?? '';
  const names = new Set((spec.ports ?? []).map((port) => port.name));
  for (const name of Object.keys(endpoint.ports ?? {})) {
    if (!names.has(name))
      scope
        .at('ports', name)
        .error(`endpoint port ${JSON.stringify(name)} is not defined by the service entry`);
  }
  if (address.startsWith('unix://') && (spec.ports ?? []).length !== 1) {
    scope.at('address').error('a unix endpoint needs a service entry with exactly one port');
  }
  const byAddress = isAddress(address) || address.startsWith('unix://') || address === '';
  if (spec.resolution === 'STATIC' && !byAddress) {
    scope.at('address').error(`invalid address ${JSON.stringify(address)} for resolution type static`);
  }
}

/** @see https://istio.io/latest/docs/reference/config/networking/workload-entry/ */
export function checkWorkloadEntry(
  entry: WorkloadEntry,
  scope: Scope,
  options: { template?: boolean } = {},
): void {
  const address = entry.address ?? '';
  if (address === '' && !entry.network && !options.template) scope.at('address').error('address is required');
  if (address.startsWith('unix://')) checkSocket(entry, address, scope);
  else if (address !== '' && !isAddress(address) && !isHostName(address)) {
    scope.at('address').error(`invalid address ${JSON.stringify(address)}`);
  }
  for (const [name, port] of Object.entries(entry.ports ?? {})) {
    if (!isDnsLabel(name.toLowerCase()))
      scope.at('ports', name).error(`invalid port name ${JSON.stringify(name)}`);
    checkPort(port, scope.at('ports', name));
  }
  checkLabels(entry.labels, scope.at('labels'));
  if (entry.locality !== undefined) checkLocality(entry.locality, scope.at('locality'));
}

function checkSocket(entry: WorkloadEntry, address: string, scope: Scope): void {
  const path = address.slice('unix://'.length);
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/'))
    scope.at('address').error('a unix address is unix:///absolute/path');
  // sockaddr_un holds 108 bytes with the ending zero: Envoy refuses longer ones.
  if (Buffer.byteLength(path) > 107) scope.at('address').error('a unix socket path has at most 107 bytes');
  if (Object.keys(entry.ports ?? {}).length > 0) scope.at('ports').error('a unix address has no ports');
}

function checkLocality(locality: string, scope: Scope): void {
  if (locality.split('/').some((part) => part === '' || part === '*')) {
    scope.error(`invalid locality ${JSON.stringify(locality)}: region[/zone[/subzone]], without empty parts`);
  }
}

/** @see https://istio.io/latest/docs/reference/config/networking/workload-group/ */
export function checkWorkloadGroup(spec: WorkloadGroup, scope: Scope): void {
  checkLabels(spec.metadata?.labels, scope.at('metadata', 'labels'));
  if (!spec.template) scope.at('template').error('template is required');
  else checkWorkloadEntry(spec.template, scope.at('template'), { template: true });
  if (!spec.probe) return;
  const at = scope.at('probe');
  const { httpGet, tcpSocket, exec, grpc } = spec.probe;
  if ([httpGet, tcpSocket, exec, grpc].filter(Boolean).length !== 1) {
    at.error('probe needs exactly one of httpGet, tcpSocket, exec and grpc');
  }
  for (const [name, action] of Object.entries({ httpGet, tcpSocket, grpc })) {
    if (action) checkPort(action.port ?? 0, at.at(name, 'port'));
  }
  if (exec && !exec.command?.length) at.at('exec').error('exec needs a command');
}

import type { L4Match, RouteDestination, VirtualService } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkWeights } from './destination.js';
import { checkHttpRoute } from './http-route.js';
import { checkGatewayNames } from './names.js';
import { checkReachable } from './reachability.js';
import {
  checkExportTo,
  checkLabels,
  checkPort,
  checkUnique,
  isAddress,
  isAddressOrNetwork,
  isWildcardHost,
} from './text.js';

/** @see https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
export function checkVirtualService(spec: VirtualService, scope: Scope): void {
  const isDelegate = !spec.hosts?.length;
  if (isDelegate) checkDelegate(spec, scope);
  else checkHosts(spec.hosts ?? [], spec, scope);
  checkGatewayNames(spec.gateways, scope.at('gateways'));
  checkExportTo(spec.exportTo, scope.at('exportTo'));
  if (!spec.http?.length && !spec.tls?.length && !spec.tcp?.length) {
    scope.error('http, tcp or tls must be provided in virtual service');
  }
  spec.http?.forEach((route, index) => checkHttpRoute(route, scope.at('http', index), isDelegate));
  checkReachable(spec.http ?? [], scope.at('http'));
  checkTls(spec, scope);
  spec.tcp?.forEach((tcp, index) => {
    tcp.match?.forEach((match, at) => checkL4Match(match, scope.at('tcp', index, 'match', at)));
    checkL4Route(tcp.route, scope.at('tcp', index));
  });
}

/** Without hosts it is there to be delegated to: HTTP routes and nothing else. */
function checkDelegate(spec: VirtualService, scope: Scope): void {
  for (const field of ['gateways', 'tls', 'tcp'] as const) {
    if (spec[field]?.length)
      scope.at(field).error(`a virtual service without hosts is a delegate: no ${field} here`);
  }
}

function checkHosts(hosts: readonly string[], spec: VirtualService, scope: Scope): void {
  const inMesh = !spec.gateways?.length || spec.gateways.includes('mesh');
  hosts.forEach((host, index) => {
    if (host === '*' && inMesh) {
      scope
        .at('hosts', index)
        .error('wildcard host * is not allowed for virtual services bound to the mesh gateway');
    } else if (!isWildcardHost(host) && !isAddress(host)) {
      scope.at('hosts', index).error(`invalid host ${JSON.stringify(host)}`);
    }
  });
  checkUnique(hosts, scope.at('hosts'), 'host');
  hosts.forEach((host, index) => {
    const other = hosts.find((candidate) => candidate !== host && covers(candidate, host));
    if (other) scope.at('hosts', index).error(`${JSON.stringify(other)} covers ${JSON.stringify(host)}`);
  });
}

function checkTls(spec: VirtualService, scope: Scope): void {
  spec.tls?.forEach((tls, index) => {
    const at = scope.at('tls', index);
    if (!tls.match?.length) at.error('TLS route must have at least one match condition');
    tls.match?.forEach((match, position) => {
      checkL4Match(match, at.at('match', position));
      checkSniHosts(match.sniHosts ?? [], spec.hosts ?? [], at.at('match', position, 'sniHosts'));
    });
    checkL4Route(tls.route, at);
  });
}

function checkSniHosts(sniHosts: readonly string[], hosts: readonly string[], scope: Scope): void {
  if (sniHosts.length === 0) scope.error('TLS match must have at least one SNI host');
  sniHosts.forEach((sni, index) => {
    if (!isWildcardHost(sni)) scope.at(index).error(`invalid SNI host ${JSON.stringify(sni)}`);
    else if (!hosts.some((host) => covers(host, sni))) {
      scope
        .at(index)
        .error(`SNI host ${JSON.stringify(sni)} is not a compatible subset of the virtual service's hosts`);
    }
  });
}

function covers(pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1));
}

function checkL4Match(match: L4Match, scope: Scope): void {
  match.destinationSubnets?.forEach((subnet, index) => {
    if (!isAddressOrNetwork(subnet))
      scope.at('destinationSubnets', index).error(`invalid subnet ${JSON.stringify(subnet)}`);
  });
  if (match.sourceSubnet && !isAddressOrNetwork(match.sourceSubnet))
    scope.at('sourceSubnet').error(`invalid subnet ${JSON.stringify(match.sourceSubnet)}`);
  if (match.port) checkPort(match.port, scope.at('port'));
  checkLabels(match.sourceLabels, scope.at('sourceLabels'));
  checkGatewayNames(match.gateways, scope.at('gateways'));
}

function checkL4Route(route: readonly RouteDestination[] | undefined, scope: Scope): void {
  if (!route?.length) scope.error('a TCP or TLS route needs a destination');
  else checkWeights(route, scope.at('route'));
}

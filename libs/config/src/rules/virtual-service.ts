import type { HTTPRoute, L4Match, RouteDestination, VirtualService } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkWeights } from './destination.js';
import { checkHttpRoute } from './http-route.js';
import { checkGatewayNames } from './names.js';
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
  checkHosts(spec, scope);
  checkGatewayNames(spec.gateways, scope.at('gateways'));
  checkExportTo(spec.exportTo, scope.at('exportTo'));
  if (!spec.http?.length && !spec.tls?.length && !spec.tcp?.length) {
    scope.error('http, tcp or tls must be provided in virtual service');
  }
  spec.http?.forEach((route, index) => checkHttpRoute(route, scope.at('http', index)));
  checkReachable(spec.http ?? [], scope.at('http'));
  checkTls(spec, scope);
  spec.tcp?.forEach((tcp, index) => {
    tcp.match?.forEach((match, at) => checkL4Match(match, scope.at('tcp', index, 'match', at)));
    checkL4Route(tcp.route, scope.at('tcp', index));
  });
}

function checkHosts(spec: VirtualService, scope: Scope): void {
  const hosts = spec.hosts ?? [];
  if (hosts.length === 0) scope.at('hosts').error('virtual service must have at least one host');
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
}

/** Routes behind one without a match never see a request. */
function checkReachable(routes: readonly HTTPRoute[], scope: Scope): void {
  const last = routes.findIndex((route) => !route.match?.length);
  if (last === -1) return;
  for (let index = last + 1; index < routes.length; index += 1) {
    scope.at(index).warn('unreachableRule', `http[${last}] takes every request, so this route is never used`);
  }
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
  if (match.port) checkPort(match.port, scope.at('port'));
  checkLabels(match.sourceLabels, scope.at('sourceLabels'));
  checkGatewayNames(match.gateways, scope.at('gateways'));
}

function checkL4Route(route: readonly RouteDestination[] | undefined, scope: Scope): void {
  if (!route?.length) scope.error('a TCP or TLS route needs a destination');
  else checkWeights(route, scope.at('route'));
}

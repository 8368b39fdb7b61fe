import type { RouteConfigurationMatch } from '#config';
import type { Patch } from '../../model/patch.js';
import type { Fields } from './message.js';
import { messageOf, textOf } from './message.js';

/** A server of a Gateway, where a patch looks a route table up by it. */
export interface RouteServer {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly portName: string;
}

/** Whether a patch is for the route table of this name. `servers` are those that the table is for, at a gateway. */
export function tableMatches({ spec }: Patch, name: string, servers: readonly RouteServer[]): boolean {
  const match = spec.match?.routeConfiguration;
  if (!match) return true;
  if (match.name && match.name !== name) return false;
  if (match.portNumber && match.portNumber !== portOfRoute(name)) return false;
  if (!asksForServer(match)) return true;
  return servers.some(
    ({ gateway, portName }) =>
      (!match.gateway || match.gateway === gateway) && (!match.portName || match.portName === portName),
  );
}

export function asksForServer({ gateway, portName }: RouteConfigurationMatch): boolean {
  return Boolean(gateway) || Boolean(portName);
}

/** `80`, `http.80`, `https.443.<server>`, `inbound|8080||`, `<host>:<port>`; 0 for another kind of name. */
function portOfRoute(name: string): number {
  const [, port] = /^(?:https?\.|inbound\|(?:http\|)?|.*:)?(\d{1,5})(?:$|[.|])/.exec(name) ?? [];
  return Number(port ?? 0);
}

/** @param prefix what stands before the name of a virtual host that travels by itself */
export function hostMatches({ spec }: Patch, host: Fields, prefix: string): boolean {
  const match = spec.match?.routeConfiguration?.vhost;
  if (!match) return true;
  const name = textOf(host, 'name');
  const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  if (match.name && match.name !== own) return false;
  return !match.domainName || ((host['domains'] ?? []) as readonly string[]).includes(match.domainName);
}

const ACTIONS = { ROUTE: 'route', REDIRECT: 'redirect', DIRECT_RESPONSE: 'direct_response' } as const;

export function asksForRoute({ spec }: Patch): boolean {
  return spec.match?.routeConfiguration?.vhost?.route !== undefined;
}

export function routeMatches({ spec }: Patch, route: Fields): boolean {
  const match = spec.match?.routeConfiguration?.vhost?.route;
  if (!match) return true;
  if (match.name && match.name !== textOf(route, 'name')) return false;
  const { action = 'ANY' } = match;
  return action === 'ANY' || messageOf(route, ACTIONS[action]) !== undefined;
}

import type { Server } from '../kinds/gateway.js';
import type { ServerKind } from './servers.js';
import { serverKind, sniHosts } from './servers.js';

/** A server and where a gateway listens for it. */
export interface PlacedServer {
  readonly server: Server;
  readonly address: string;
  readonly port: number;
}

/** Servers that share an address and a port. */
export interface MergedListener<T extends PlacedServer> {
  readonly address: string;
  readonly port: number;
  /** `http` and `tcp` are plain text; `tls` tells its servers apart by SNI. */
  readonly family: Family;
  readonly servers: readonly T[];
}

export type Family = 'http' | 'tcp' | 'tls';

/** A server that is left out, the older one that is in its way, and the hosts that both want (none: all of it). */
export interface ServerConflict<T extends PlacedServer> {
  readonly loser: T;
  readonly winner: T;
  readonly hosts: readonly string[];
}

/**
 * Puts servers together that share an address and a port, as Istio does: HTTP with HTTP, where hosts may be shared, and
 * TLS with TLS as long as no two servers want the same host; TCP stands alone. What does not fit is left out.
 *
 * @param servers the older first
 */
export function mergeServers<T extends PlacedServer>(
  servers: readonly T[],
): { readonly listeners: readonly MergedListener<T>[]; readonly conflicts: readonly ServerConflict<T>[] } {
  const listeners = new Map<string, Merging<T>>();
  const conflicts: ServerConflict<T>[] = [];
  for (const placed of servers) {
    const place = `${placed.address} ${placed.port}`;
    const held = listeners.get(place) ?? new Merging<T>(placed);
    listeners.set(place, held);
    const conflict = held.add(placed);
    if (conflict) conflicts.push(conflict);
  }
  return { listeners: [...listeners.values()], conflicts };
}

class Merging<T extends PlacedServer> implements MergedListener<T> {
  readonly address: string;
  readonly port: number;
  readonly family: Family;
  readonly servers: T[] = [];
  private readonly claims = new Map<string, T>();

  constructor(first: T) {
    this.address = first.address;
    this.port = first.port;
    this.family = familyOf(serverKind(first.server));
  }

  add(placed: T): ServerConflict<T> | undefined {
    const kind = serverKind(placed.server);
    const [first] = this.servers;
    if (first && (familyOf(kind) !== this.family || this.family === 'tcp'))
      return { loser: placed, winner: first, hosts: [] };
    const claims = this.family === 'tls' ? claimsOf(placed.server, kind) : [];
    const lost = claims.filter((claim) => this.claims.has(claim.key));
    const winner = lost[0] && this.claims.get(lost[0].key);
    if (winner) return { loser: placed, winner, hosts: lost.map(({ host }) => host) };
    for (const { key } of claims) this.claims.set(key, placed);
    this.servers.push(placed);
    return undefined;
  }
}

function familyOf(kind: ServerKind): Family {
  return kind === 'http' || kind === 'tcp' ? kind : 'tls';
}

/**
 * What no other server of a listener may have. Where TLS is passed through, hosts of different namespaces are
 * different: the routes decide, and AUTO_PASSTHROUGH takes nothing but the mesh's own names.
 */
function claimsOf(server: Server, kind: ServerKind): { key: string; host: string }[] {
  if (kind === 'passthrough')
    return server.hosts.map((host) => ({ key: `routed ${host.toLowerCase()}`, host }));
  const prefix = kind === 'auto-passthrough' ? 'auto' : 'ended';
  return sniHosts(server).map((host) => ({ key: `${prefix} ${host}`, host }));
}

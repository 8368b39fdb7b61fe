import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { PortUse } from '../../world/view.js';
import { inboundClaims } from '../common/inbound.js';
import { listenerName } from '../common/names.js';
import type { OutboundListener } from '../common/outbound-listeners.js';
import { capturedPorts, usesByAddress } from '../common/outbound-listeners.js';
import { chainsOf } from './select-l4.js';
import { l4Services } from './select-outbound.js';

/** Two services that want the same connections; Istio's names for the sorts of it. */
export interface ListenerConflict {
  readonly metric:
    'pilot_conflict_outbound_listener_tcp_over_current_tcp' | 'pilot_conflict_inbound_listener';
  readonly listener: string;
  /** Hosts: the one that gets them, and the one that gets none, or not all that it asks for. */
  readonly winner: string;
  readonly loser: string;
}

/**
 * What of a proxy's listeners two services contend for. HTTP contends with nothing: hosts tell its services apart, and
 * looking tells it from other protocols.
 */
export function outboundConflicts(view: WorldView, proxy: Proxy): ListenerConflict[] {
  return capturedPorts(view, proxy).flatMap((port) =>
    [...usesByAddress(view, proxy, port)].flatMap(([address, uses]) =>
      conflictsAt(view, proxy, { address, port }, uses),
    ),
  );
}

function conflictsAt(
  view: WorldView,
  proxy: Proxy,
  at: OutboundListener,
  uses: readonly PortUse[],
): ListenerConflict[] {
  const services = l4Services(proxy, at, uses);
  if (services.length < 2) return [];
  const listener = listenerName(at.address, at.port);
  const { conflicts } = chainsOf(view, proxy, at.port, services);
  const hosts = conflicts.map(({ winner, loser }) => ({
    winner: winner.host ?? '',
    loser: loser.host ?? '',
  }));
  // Two routes of one service are in the order in which they stand.
  return hosts
    .filter(({ winner, loser }) => winner !== loser)
    .map((contenders) => ({
      metric: 'pilot_conflict_outbound_listener_tcp_over_current_tcp',
      listener,
      ...contenders,
    }));
}

/** Services of the proxy's own workload that have one port of it, but speak different things there. */
export function inboundConflicts(view: WorldView, proxy: Proxy): ListenerConflict[] {
  const claims = inboundClaims(view, proxy);
  return claims.flatMap((claim, index): ListenerConflict[] => {
    const first = claims.slice(0, index).find(({ port }) => port === claim.port);
    if (!first || first.protocol === claim.protocol) return [];
    const [winner, loser] = [first.service?.host ?? '', claim.service?.host ?? ''];
    return [{ metric: 'pilot_conflict_inbound_listener', listener: `0.0.0.0_${claim.port}`, winner, loser }];
  });
}

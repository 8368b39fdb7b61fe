import type { Patch } from '../../model/patch.js';
import { parseInbound, parseOutbound } from '../common/names.js';
import type { Place } from './candidates.js';
import { isAt } from './candidates.js';

/** A cluster as patches look it up. */
export interface ClusterKey {
  readonly name: string;
  readonly place: Place;
  readonly port: number;
  readonly subset: string;
  readonly service: string;
}

/** @param inboundService the host of the service that an inbound port is served for */
export function clusterKey(
  name: string,
  isGateway: boolean,
  inboundService: (port: number) => string,
): ClusterKey {
  const outbound = parseOutbound(name);
  if (outbound) {
    const place = isGateway ? 'GATEWAY' : 'SIDECAR_OUTBOUND';
    return { name, place, port: outbound.port, subset: outbound.subset, service: outbound.host };
  }
  const port = parseInbound(name);
  const inbound = port !== undefined || name.startsWith('Inbound');
  const place = isGateway ? 'GATEWAY' : inbound ? 'SIDECAR_INBOUND' : 'SIDECAR_OUTBOUND';
  return {
    name,
    place,
    port: port ?? 0,
    subset: '',
    service: port === undefined ? '' : inboundService(port),
  };
}

export function clusterMatches(patch: Patch, cluster: ClusterKey): boolean {
  if (!isAt(patch, cluster.place)) return false;
  const match = patch.spec.match?.cluster;
  if (!match) return true;
  if (match.name) return match.name === cluster.name;
  if (match.portNumber && match.portNumber !== cluster.port) return false;
  if (match.subset && match.subset !== cluster.subset) return false;
  return !match.service || match.service === cluster.service;
}

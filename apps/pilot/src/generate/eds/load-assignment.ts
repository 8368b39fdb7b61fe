import type { envoy } from '#common/proto/envoy';
import type { Locality } from '../../model/locality.js';
import { distance, isWithin, parseLocality } from '../../model/locality.js';
import { address } from '../common/address.js';
import { struct } from '../common/proto.js';
import { wrapped } from '../common/values.js';
import type { EndpointPick } from './pick.js';
import type { Preference } from './preference.js';

type ClusterLoadAssignment = envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties;
type LbEndpoint = envoy.config.endpoint.v3.LbEndpoint.$Properties;

/** Endpoints that Envoy treats as one: of one locality and one priority. */
interface Group {
  readonly locality: Locality;
  /** The smaller the better; what Envoy gets has no gaps. */
  readonly level: number;
  readonly weight: number;
  readonly members: readonly EndpointPick[];
}

/** Endpoints by locality, in the order of their names so that equal sets have equal bytes. */
export function loadAssignment(
  clusterName: string,
  endpoints: readonly EndpointPick[],
  { shares, near }: Preference = {},
): ClusterLoadAssignment {
  const byPlace = groups(endpoints).map((group) => ({ ...group, level: levelOf(group, near) }));
  const chosen = shares ? shared(byPlace, shares) : byPlace;
  const levels = [...new Set(chosen.map(({ level }) => level))].sort((a, b) => a - b);
  return {
    clusterName,
    endpoints: chosen.map(({ locality, level, weight, members }) => {
      const priority = levels.indexOf(level);
      return {
        locality: { ...locality },
        lbEndpoints: members.map(lbEndpoint),
        loadBalancingWeight: { value: weight },
        ...(priority > 0 && { priority }),
      };
    }),
  };
}

function groups(endpoints: readonly EndpointPick[]): Group[] {
  const found = new Map<string, EndpointPick[]>();
  for (const endpoint of endpoints) {
    const place = `${endpoint.locality} ${endpoint.rank ?? 0}`;
    found.set(place, [...(found.get(place) ?? []), endpoint]);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, members]) => ({
      locality: parseLocality(members[0]?.locality ?? ''),
      level: members[0]?.rank ?? 0,
      weight: members.reduce((sum, { weight }) => sum + (weight || 1), 0),
      members,
    }));
}

/** Labels decide first. Of places there are five kinds: those of `distance`, and regions that are not to take over. */
function levelOf({ locality, level }: Group, near: Preference['near']): number {
  if (!near) return level;
  const apart = distance(near.locality, locality);
  const far = near.byRegion && apart < 3 ? 0 : apart;
  const last = far === 3 && near.failover !== undefined && near.failover !== locality.region;
  return level * 5 + (last ? 4 : far);
}

/** A share is divided among the localities that it is for as their endpoints weigh. */
function shared(all: readonly Group[], shares: Readonly<Record<string, number>>): Group[] {
  const shareOf = ({ locality }: Group): string | undefined =>
    Object.keys(shares).find((pattern) => isWithin(locality, pattern));
  const totals = new Map<string, number>();
  for (const group of all) {
    const share = shareOf(group);
    if (share !== undefined) totals.set(share, (totals.get(share) ?? 0) + group.weight);
  }
  return all.flatMap((group) => {
    const share = shareOf(group);
    if (share === undefined) return [];
    const weight = Math.ceil((group.weight * (shares[share] ?? 0)) / (totals.get(share) ?? 1));
    return [{ ...group, weight }];
  });
}

function lbEndpoint({ address: host, port, weight, mtls }: EndpointPick): LbEndpoint {
  return {
    endpoint: { address: address(host, port) },
    loadBalancingWeight: wrapped(weight || 1),
    ...(mtls && {
      metadata: { filterMetadata: { 'envoy.transport_socket_match': struct({ tlsMode: 'istio' }) } },
    }),
  };
}

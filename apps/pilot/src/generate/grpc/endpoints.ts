import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import type { Generator, Inputs } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import { outboundClusterNames } from '../cds/names.js';
import { BLACK_HOLE } from '../common/names.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import { loadAssignment } from '../eds/load-assignment.js';
import type { EndpointPick } from '../eds/pick.js';
import { pickEndpoints } from '../eds/pick.js';
import type { Preference } from '../eds/preference.js';
import { pickPreference, pickRanks } from '../eds/preference.js';
import { reachable } from '../eds/reach.js';
import { find } from './discovery.js';
import type { ForGrpc } from './by-client.js';
import { FOR_GRPC } from './by-client.js';

interface LoadAssignmentPick extends ForGrpc {
  readonly name: string;
  readonly endpoints: readonly EndpointPick[];
  readonly preference?: Preference;
  readonly sources: readonly ResourceKey[];
}

/** The endpoints of clusters whose servers have addresses; nearer ones first, as for a sidecar. */
export const grpcEndpoints: Generator<LoadAssignmentPick & Inputs> = {
  type: TYPE.endpoint,

  names: (view, proxy) => [...outboundClusterNames(view, proxy), BLACK_HOLE],

  select(view, proxy, name) {
    if (name === BLACK_HOLE)
      return seal('ClusterLoadAssignment', { ...FOR_GRPC, name, endpoints: [], sources: [] });
    const found = find(view, proxy, name);
    if (found?.discovery.kind !== 'addresses') return undefined;
    const { service, port, rule, discovery } = found;
    const seen = reachable(view, proxy, service, discovery.endpoints);
    const picked = pickEndpoints(view, seen, port, pickRanks(view, proxy, rule.policy, service));
    const preference = pickPreference(view, proxy, rule.policy);
    const pick: LoadAssignmentPick = {
      ...FOR_GRPC,
      name,
      endpoints: distinct(picked),
      ...(preference && { preference }),
      sources: distinctSources(
        service.sources,
        seen.map(({ source }) => source),
      ),
    };
    return seal('ClusterLoadAssignment', pick);
  },

  generate({ name, endpoints, preference, sources }) {
    const { ClusterLoadAssignment } = envoy.config.endpoint.v3;
    const value = ClusterLoadAssignment.encode(loadAssignment(name, endpoints, preference)).finish();
    return { value, sources };
  },
};

/** A client refuses a list that has an address twice. What mTLS an endpoint takes the cluster says. */
function distinct(endpoints: readonly EndpointPick[]): EndpointPick[] {
  const byAddress = new Map(
    endpoints.map((each) => [`${each.address} ${each.port}`, { ...each, mtls: false }]),
  );
  return [...byAddress.values()];
}

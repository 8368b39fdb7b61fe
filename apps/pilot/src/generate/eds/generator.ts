import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import type { Generator, Inputs } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import { ruleView } from '../../model/traffic-policy.js';
import { matches } from '../../model/workload.js';
import { clusterNamesOf, edsClusterNames, hasEndpoints } from '../cds/names.js';
import { isStatic } from '../common/address.js';
import { parseOutbound, parseOutboundSni } from '../common/names.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import { loadAssignment } from './load-assignment.js';
import type { EndpointPick } from './pick.js';
import { pickEndpoints } from './pick.js';
import type { Preference } from './preference.js';
import { pickPreference, pickRanks } from './preference.js';
import { reachable } from './reach.js';

interface LoadAssignmentPick {
  readonly name: string;
  readonly endpoints: readonly EndpointPick[];
  readonly preference?: Preference;
  readonly sources: readonly ResourceKey[];
}

/** The endpoints of EDS clusters. */
export const endpointGenerator: Generator<LoadAssignmentPick & Inputs> = {
  type: TYPE.endpoint,

  names: (view, proxy) => edsClusterNames(view, proxy),

  namesOf: (view, proxy, hosts) => clusterNamesOf(view, proxy, hosts, hasEndpoints),

  select(view, proxy, name) {
    const parsed = parseOutbound(name) ?? parseOutboundSni(name);
    const service = parsed && view.service(parsed.host, proxy);
    const port = parsed && service?.port(parsed.port);
    if (!parsed || !service || !port || service.resolution !== 'EDS') return undefined;
    const rule = ruleView(view.destinationRules(parsed.host, proxy), parsed.port, parsed.subset);
    if (!rule) return undefined;
    const all = reachable(view, proxy, service, view.endpoints(parsed.host, proxy));
    const seen = all.filter(({ address, labels }) => isStatic(address) && matches(rule.labels, labels));
    const endpoints = pickEndpoints(view, seen, port, pickRanks(view, proxy, rule.policy, service));
    const preference = pickPreference(view, proxy, rule.policy);
    const sources = distinctSources(
      service.sources,
      seen.map(({ source }) => source),
    );
    return seal('ClusterLoadAssignment', { name, endpoints, ...(preference && { preference }), sources });
  },

  generate(inputs) {
    const message = loadAssignment(inputs.name, inputs.endpoints, inputs.preference);
    const value = envoy.config.endpoint.v3.ClusterLoadAssignment.encode(message).finish();
    return { value, sources: inputs.sources };
  },
};

import { envoy } from '#common/proto/envoy';
import type { Generator } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import { inboundCluster, pickInbound } from './inbound.js';
import { mixerCluster, pickMixer } from './mixer.js';
import type { ClusterSettings } from './cluster-settings.js';
import { pickClusterSettings, withClusterSettings } from './cluster-settings.js';
import { clusterNamesOf, commonClusterNames, ownClusterNames } from './names.js';
import { outboundCluster, pickOutbound } from './outbound.js';
import type { ClusterInputs, ClusterPick } from './pick.js';
import { pickSpecial, specialCluster } from './special.js';
import { pickTelemetry, telemetryCluster } from './telemetry.js';

/** Clusters: services, the workload's own ports, Mixer, and the few that Istio always has. */
export const clusterGenerator: Generator<ClusterInputs & ClusterSettings> = {
  type: TYPE.cluster,

  names: (view, proxy) => commonClusterNames(view, proxy),

  namesOf: (view, proxy, hosts) => clusterNamesOf(view, proxy, hosts),

  ownNames: (view, proxy) => ownClusterNames(view, proxy),

  select(view, proxy, name) {
    const pick: ClusterPick | undefined =
      pickMixer(view, name) ??
      pickSpecial(view, proxy, name) ??
      pickTelemetry(view, proxy, name) ??
      pickInbound(view, proxy, name) ??
      pickOutbound(view, proxy, name);
    return pick && seal('Cluster', { ...pick, ...pickClusterSettings(view, proxy) });
  },

  generate(inputs) {
    const value = envoy.config.cluster.v3.Cluster.encode(
      withClusterSettings(cluster(inputs), inputs),
    ).finish();
    return { value, sources: distinctSources(inputs.sources) };
  },
};

function cluster(pick: ClusterPick): envoy.config.cluster.v3.Cluster.$Properties {
  switch (pick.sort) {
    case 'outbound':
      return outboundCluster(pick);
    case 'inbound':
      return inboundCluster(pick);
    case 'mixer':
      return mixerCluster(pick);
    case 'special':
      return specialCluster(pick);
    case 'telemetry':
      return telemetryCluster(pick);
  }
}

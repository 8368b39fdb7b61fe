import type { WorldView } from '../../model/contract.js';
import type { Patch } from '../../model/patch.js';
import { nameIn } from '../../model/patch.js';
import type { Proxy } from '../../model/proxy.js';
import { inboundPorts } from '../common/inbound.js';
import { patchesFor } from './candidates.js';
import type { ClusterKey } from './cluster-match.js';
import { clusterKey, clusterMatches } from './cluster-match.js';
import { mergeCluster } from './merge-cluster.js';
import { isMerge } from './message.js';
import type { Patching } from './patched.js';

const NOTHING = { patches: [], context: {} };

/** CLUSTER: all that a match asks is in a cluster's name. */
export const patchClusters: Patching<object> = {
  target: 'CLUSTER',

  added: (view, proxy) => {
    return patchesFor(view, proxy, 'cluster', ({ operation }) => operation === 'ADD').map(nameIn);
  },

  pick(view, proxy, name) {
    if (view.patches(proxy, 'cluster').length === 0) return NOTHING;
    const key = keyOf(view, proxy, name);
    const patches = patchesFor(view, proxy, 'cluster', (patch) => mayChange(patch, key));
    return { patches, context: {} };
  },

  apply(message, patches) {
    if (patches.some(({ operation }) => operation === 'REMOVE')) return 'removed';
    const merging = patches.filter(isMerge);
    for (const patch of merging) mergeCluster(patch, message);
    return merging;
  },
};

function mayChange(patch: Patch, key: ClusterKey): boolean {
  return patch.operation === 'ADD' ? nameIn(patch) === key.name : clusterMatches(patch, key);
}

function keyOf(view: WorldView, proxy: Proxy, name: string): ClusterKey {
  return clusterKey(name, proxy.type === 'router', (port) => {
    return inboundPorts(view, proxy).find((inbound) => inbound.port === port)?.service?.host ?? '';
  });
}

import type { Generator } from '../model/contract.js';
import { clusterGenerator } from './cds/generator.js';
import { endpointGenerator } from './eds/generator.js';
import { extensionGenerator } from './envoy-filter/extensions.js';
import { patchClusters } from './envoy-filter/patch-clusters.js';
import { patchListeners } from './envoy-filter/patch-listeners.js';
import { patchRouteTables, patchVirtualHosts } from './envoy-filter/patch-routes.js';
import { patched } from './envoy-filter/patched.js';
import { listenerGenerator } from './lds/generator.js';
import { routeGenerator } from './rds/generator.js';
import { virtualHostGenerator } from './vhds/generator.js';

/** Every type that Pilot serves, in the order in which they have to reach a proxy: what is referred to comes first. */
export const generators: readonly Generator[] = [
  patched(clusterGenerator, patchClusters),
  endpointGenerator,
  extensionGenerator,
  patched(listenerGenerator, patchListeners),
  patched(routeGenerator, patchRouteTables),
  patched(virtualHostGenerator, patchVirtualHosts),
].map(throughSidecar);

/** Of the world a generator sees what the proxy's Sidecar imports. */
function throughSidecar(generator: Generator): Generator {
  return {
    ...generator,
    names: (view, proxy) => generator.names(view.scopedTo(proxy), proxy),
    select: (view, proxy, name) => generator.select(view.scopedTo(proxy), proxy, name),
  };
}

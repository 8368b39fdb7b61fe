import type { Generator } from '../model/contract.js';
import { clusterGenerator } from './cds/generator.js';
import { endpointGenerator } from './eds/generator.js';
import { extensionGenerator } from './envoy-filter/extensions.js';
import { patchClusters } from './envoy-filter/patch-clusters.js';
import { patchListeners } from './envoy-filter/patch-listeners.js';
import { patchRouteTables, patchVirtualHosts } from './envoy-filter/patch-routes.js';
import { patched } from './envoy-filter/patched.js';
import { byClient } from './grpc/by-client.js';
import { grpcClusters } from './grpc/clusters.js';
import { grpcEndpoints } from './grpc/endpoints.js';
import { grpcListeners } from './grpc/listeners.js';
import { grpcRoutes } from './grpc/routes.js';
import { listenerGenerator } from './lds/generator.js';
import { routeGenerator } from './rds/generator.js';
import { secretGenerator } from './sds/generator.js';
import { virtualHostGenerator } from './vhds/generator.js';

/** Every type that Pilot serves, in the order in which they have to reach a proxy: what is referred to comes first. */
export const generators: readonly Generator[] = [
  byClient(patched(clusterGenerator, patchClusters), grpcClusters),
  byClient(endpointGenerator, grpcEndpoints),
  byClient(secretGenerator),
  byClient(extensionGenerator),
  byClient(patched(listenerGenerator, patchListeners), grpcListeners),
  byClient(patched(routeGenerator, patchRouteTables), grpcRoutes),
  byClient(patched(virtualHostGenerator, patchVirtualHosts)),
].map(throughSidecar);

/** Of the world a generator sees what the proxy's Sidecar imports. */
function throughSidecar(generator: Generator): Generator {
  return {
    ...generator,
    names: (view, proxy) => generator.names(view.scopedTo(proxy), proxy),
    namesOf: (view, proxy, hosts) => generator.namesOf?.(view.scopedTo(proxy), proxy, hosts),
    ownNames: (view, proxy) => generator.ownNames?.(view.scopedTo(proxy), proxy) ?? [],
    select: (view, proxy, name) => generator.select(view.scopedTo(proxy), proxy, name),
  };
}

import type { Generator } from '../model/contract.js';
import { clusterGenerator } from './cds/generator.js';
import { endpointGenerator } from './eds/generator.js';
import { listenerGenerator } from './lds/generator.js';
import { routeGenerator } from './rds/generator.js';
import { virtualHostGenerator } from './vhds/generator.js';

/** Every type that Pilot serves, in the order in which they have to reach a proxy: what is referred to comes first. */
export const generators: readonly Generator[] = [
  clusterGenerator,
  endpointGenerator,
  listenerGenerator,
  routeGenerator,
  virtualHostGenerator,
].map(throughSidecar);

/** Of the world a generator sees what the proxy's Sidecar imports. */
function throughSidecar(generator: Generator): Generator {
  return {
    ...generator,
    names: (view, proxy) => generator.names(view.scopedTo(proxy), proxy),
    select: (view, proxy, name) => generator.select(view.scopedTo(proxy), proxy, name),
  };
}

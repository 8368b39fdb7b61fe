import type { Generator, Inputs } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Patch } from '../../model/patch.js';
import { nameIn } from '../../model/patch.js';
import { seal } from '../common/seal.js';
import { patchesFor } from './candidates.js';

/**
 * Configs of filters that Envoy asks for by name (ECDS): those that EnvoyFilters add. Of several with one name the last
 * counts.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/overview/extension
 */
export const extensionGenerator: Generator<{ readonly patch: Patch } & Inputs> = {
  type: TYPE.extension,

  names: (view, proxy) => [...new Set(patchesFor(view, proxy, 'extension', isAdded).map(nameIn))],

  select(view, proxy, name) {
    const named = (patch: Patch): boolean => isAdded(patch) && nameIn(patch) === name;
    const patch = patchesFor(view, proxy, 'extension', named).at(-1);
    return patch && seal('TypedExtensionConfig', { patch });
  },

  generate: ({ patch }) => ({ value: patch.value, sources: [patch.filter.key] }),
};

function isAdded({ operation }: Patch): boolean {
  return operation === 'ADD';
}

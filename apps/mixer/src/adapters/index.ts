import type { Adapter } from './adapter.js';
import { denier } from './denier/index.js';
import { kubernetesenv } from './kubernetesenv/index.js';
import { listchecker } from './listchecker/index.js';
import { memquota } from './memquota/index.js';
import { noop } from './noop/index.js';
import { prometheus } from './prometheus/index.js';
import { stdio } from './stdio/index.js';

export * from './adapter.js';
export * from './status.js';
export { MetricRegistry } from './prometheus/registry.js';

/** By the name that `compiledAdapter` gives, which is also the legacy kind of such a handler. */
export const ADAPTERS: ReadonlyMap<string, Adapter> = new Map(
  [denier, kubernetesenv, listchecker, memquota, noop, prometheus, stdio].map((adapter) => [
    adapter.name,
    // What validate() returned is all that build() is ever given: the parameters' type is the adapter's own affair.
    adapter as unknown as Adapter,
  ]),
);

import type { Sidecar } from '#config';
import type { Config } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import { matches } from '../model/workload.js';
import { fact } from './facts.js';
import type { SidecarIndex } from './indexes/sidecar-index.js';

/** Which facts about a namespace's Sidecars count: all, or those about their frames. */
export type SidecarFact = typeof fact.sidecars | typeof fact.sidecarFrames;

/**
 * The Sidecar that decides about a proxy: the one that selects it, else that of its namespace, else that of the root
 * namespace.
 */
export function ownSidecar(
  sidecars: SidecarIndex,
  record: (fact: Fact) => void,
  proxy: Proxy,
  rootNamespace: () => string,
  about: SidecarFact = fact.sidecars,
): Config<Sidecar> | undefined {
  record(fact.anySidecars);
  // Without any, what namespace the proxy is of need not be known.
  if (sidecars.isEmpty) return undefined;
  record(about(proxy.namespace));
  const local = sidecars.in(proxy.namespace);
  const selected = local.find(
    ({ spec }) => hasSelector(spec) && matches(spec.workloadSelector?.labels, proxy.labels),
  );
  if (selected) return selected;
  const root = rootNamespace();
  record(about(root));
  return [...local, ...sidecars.in(root)].find(({ spec }) => !hasSelector(spec));
}

function hasSelector(spec: Sidecar): boolean {
  return Object.keys(spec.workloadSelector?.labels ?? {}).length > 0;
}

import type { Config } from '../model/config.js';
import type { Proxy } from '../model/proxy.js';
import { matches } from '../model/workload.js';
import type { NamespaceIndex } from './indexes/namespace-index.js';

interface Selecting {
  readonly selector?: { readonly matchLabels?: Record<string, string> };
  readonly targetRef?: unknown;
  readonly targetRefs?: readonly unknown[];
}

/** What counts for a proxy of config that a namespace, the mesh or a workload may have: of each the oldest. */
export interface Selected<Spec> {
  readonly root: Config<Spec> | undefined;
  readonly namespace: Config<Spec> | undefined;
  readonly workload: Config<Spec> | undefined;
}

export function selectedFor<Spec extends Selecting>(
  configs: NamespaceIndex<Spec>,
  rootNamespace: string,
  proxy: Proxy,
): Selected<Spec> {
  const [local, root] = [configs.in(proxy.namespace), configs.in(rootNamespace)];
  // The proxy's labels are looked at only where somebody asks for them: what is made is shared by all that agree in it.
  const selecting = local.filter(({ spec }) => hasSelector(spec));
  return {
    root: root.find(({ spec }) => isGeneral(spec)),
    namespace: proxy.namespace === rootNamespace ? undefined : local.find(({ spec }) => isGeneral(spec)),
    workload: selecting.find(({ spec }) => matches(spec.selector?.matchLabels, proxy.labels)),
  };
}

function hasSelector({ selector }: Selecting): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length > 0;
}

/** What stands for waypoints or Kubernetes' gateways is not for everybody. */
function isGeneral(spec: Selecting): boolean {
  return !hasSelector(spec) && !spec.targetRef && !spec.targetRefs?.length;
}

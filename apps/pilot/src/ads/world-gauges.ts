import type { Registry } from 'prom-client';
import type { World } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import type { PushEngine } from '../push/engine.js';
import { ListenerConflicts } from '../push/listener-conflicts.js';
import type { Figures } from '../world/figures.js';
import { NO_FIGURES } from '../world/figures.js';
import { gaugesOf } from './gauge.js';

/** Under Istio's names. */
const FIGURES: readonly [name: string, figure: keyof Figures, help: string][] = [
  ['pilot_services', 'services', 'Services known'],
  ['pilot_virt_services', 'virtualServices', 'VirtualServices known'],
  ['pilot_eds_no_instances', 'portsWithoutInstances', 'Ports of services that have no endpoint'],
  ['pilot_endpoint_not_ready', 'endpointsNotReady', 'Endpoints that take no traffic'],
  ['pilot_vservice_dup_domain', 'duplicateDomains', 'VirtualServices with a host that an older one has'],
  ['pilot_destrule_subsets', 'duplicateSubsets', 'Subsets that an older DestinationRule of the host has'],
];

const CONFLICTS = {
  pilot_conflict_outbound_listener_tcp_over_current_tcp: 'Services that lose TCP connections to another',
  pilot_conflict_inbound_listener: 'Ports of a workload that two services want',
} as const;

/** What is known of the mesh, and what is wrong with it. */
export function collectWorldGauges(registry: Registry, engine: PushEngine): void {
  const gauge = gaugesOf(registry);
  for (const [name, figure, help] of FIGURES)
    gauge(name, help, () => (engine.world?.figures ?? NO_FIGURES)[figure]);
  const conflicts = new ListenerConflicts(engine);
  for (const name of Object.keys(CONFLICTS) as (keyof typeof CONFLICTS)[])
    gauge(name, CONFLICTS[name], () => conflicts.count(name));
  gauge('pilot_no_ip', 'Proxies that are an endpoint of no service', unserved(engine));
}

/** Looked up when somebody asks, once for each world and proxy. */
function unserved(engine: PushEngine): () => number {
  let known: { readonly world: World; readonly serves: WeakMap<Proxy, boolean> } | undefined;
  return () => {
    const { world, connections } = engine;
    if (!world) return 0;
    if (known?.world !== world) known = { world, serves: new WeakMap() };
    const { serves } = known;
    const view = world.view(() => undefined);
    const servesAny = (proxy: Proxy): boolean => {
      let found = serves.get(proxy);
      if (found === undefined) serves.set(proxy, (found = view.instances(proxy).length > 0));
      return found;
    };
    const sidecars = [...connections].filter(({ proxy }) => proxy.type === 'sidecar');
    return sidecars.filter(({ proxy }) => !servesAny(proxy)).length;
  };
}

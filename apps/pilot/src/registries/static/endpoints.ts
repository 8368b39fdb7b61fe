import type { ServiceEntry, WorkloadEntry } from '#config';
import type { Config } from '../../model/config.js';
import type { Endpoint } from '../../model/service.js';

/** The label by which an injector says that a workload's sidecar takes Istio's mTLS. */
export const TLS_MODE_LABEL = 'security.istio.io/tlsMode';

/**
 * The endpoints of one host: those written in its ServiceEntries, and the WorkloadEntries that these select. A DNS
 * service without any is its own endpoint. What has no address is behind a gateway of its network, which nobody names.
 */
export function endpointsOf(
  host: string,
  entries: readonly Config<ServiceEntry>[],
  selected: (entry: Config<ServiceEntry>) => readonly Config<WorkloadEntry>[],
): Endpoint[] {
  const written = entries.flatMap((entry) => [...inline(entry), ...selected(entry).flatMap(ofWorkload)]);
  const [first] = entries;
  if (written.length > 0 || !first || !resolvedByName(first.spec) || host.startsWith('*')) return written;
  return [{ ...endpoint({ address: host }, {}, first, 0), tlsMode: 'disabled' }];
}

/** The label that says which network a workload is in. */
export const NETWORK_LABEL = 'topology.istio.io/network';

/** Made once for each config, so that an endpoint that did not change is the same object. */
const made = new WeakMap<Config, readonly Endpoint[]>();

function once(config: Config, make: () => Endpoint[]): readonly Endpoint[] {
  let endpoints = made.get(config);
  if (!endpoints) made.set(config, (endpoints = make()));
  return endpoints;
}

function inline(entry: Config<ServiceEntry>): readonly Endpoint[] {
  const written = entry.spec.endpoints ?? [];
  return once(entry, () =>
    written.flatMap((spec, index) => (spec.address ? [endpoint(spec, spec.labels ?? {}, entry, index)] : [])),
  );
}

function ofWorkload(workload: Config<WorkloadEntry>): readonly Endpoint[] {
  const { spec } = workload;
  return once(workload, () => (spec.address ? [endpoint(spec, workloadLabels(workload), workload, 0)] : []));
}

export function resolvedByName(spec: ServiceEntry): boolean {
  return spec.resolution === 'DNS' || spec.resolution === 'DNS_ROUND_ROBIN';
}

function endpoint(spec: WorkloadEntry, labels: Endpoint['labels'], source: Config, index: number): Endpoint {
  return {
    address: spec.address ?? '',
    ports: spec.ports ?? {},
    labels: spec.network ? { [NETWORK_LABEL]: spec.network, ...labels } : labels,
    locality: spec.locality ?? '',
    weight: spec.weight ?? 0,
    namespace: source.namespace,
    serviceAccount: spec.serviceAccount ?? '',
    tlsMode: tlsModeOf(labels, spec.serviceAccount),
    source: source.key,
    index,
  };
}

/** As in Istio: the label decides; without it, who has a service account has a sidecar. */
function tlsModeOf(labels: Readonly<Record<string, string>>, serviceAccount = ''): Endpoint['tlsMode'] {
  const label = labels[TLS_MODE_LABEL];
  if (label !== undefined) return label === 'istio' ? 'istio' : 'disabled';
  return serviceAccount ? 'istio' : 'disabled';
}

/** Labels that a selector is matched against: those of the resource and those of its spec. */
export function workloadLabels(workload: Config<WorkloadEntry>): Endpoint['labels'] {
  return { ...workload.resource.labels, ...workload.spec.labels };
}

export function matches(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

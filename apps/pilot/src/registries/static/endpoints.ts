import type { ServiceEntry, WorkloadEntry } from '#config';
import type { Config } from '../../model/config.js';
import { CONFIG_REGISTRY } from '../../model/registry.js';
import type { Endpoint } from '../../model/service.js';
import { reuse } from '../unchanged.js';
import { tlsModeOf } from '../tls-mode.js';

type Labels = Readonly<Record<string, string>>;

/** The label that says which network a workload is in. */
export const NETWORK_LABEL = 'topology.istio.io/network';

/** Made once for each config, so that an endpoint that did not change is the same object. */
const made = new WeakMap<Config<ServiceEntry>, readonly Endpoint[]>();

/** Keeps the endpoints that an edit did not change as the objects that they were. */
export function keepEndpoints(before: Config<ServiceEntry>, after: Config<ServiceEntry>): void {
  made.set(after, reuse(inlineEndpoints(before), written(after)));
}

/** The endpoints written in a ServiceEntry. What has no address is behind a gateway of its network, which nobody names. */
export function inlineEndpoints(entry: Config<ServiceEntry>): readonly Endpoint[] {
  let endpoints = made.get(entry);
  if (!endpoints) made.set(entry, (endpoints = written(entry)));
  return endpoints;
}

function written(entry: Config<ServiceEntry>): Endpoint[] {
  return (entry.spec.endpoints ?? []).flatMap((spec, index) =>
    spec.address ? [endpointOf(spec, withNetwork(spec.labels ?? {}, spec), entry, index)] : [],
  );
}

/** Made once, too. */
const own = new WeakMap<Config<ServiceEntry>, Map<string, Endpoint>>();

/** A service that is resolved by its name is its own endpoint, where nobody names others. */
export function ownEndpoint(host: string, entry: Config<ServiceEntry>): Endpoint | undefined {
  if (!resolvedByName(entry.spec) || host.startsWith('*')) return undefined;
  let endpoints = own.get(entry);
  if (!endpoints) own.set(entry, (endpoints = new Map<string, Endpoint>()));
  let endpoint = endpoints.get(host);
  if (!endpoint)
    endpoints.set(host, (endpoint = { ...endpointOf({ address: host }, {}, entry, 0), tlsMode: 'disabled' }));
  return endpoint;
}

function resolvedByName({ resolution }: ServiceEntry): boolean {
  return resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
}

export function withNetwork(labels: Labels, { network }: WorkloadEntry): Labels {
  return network ? { [NETWORK_LABEL]: network, ...labels } : labels;
}

export function endpointOf(spec: WorkloadEntry, labels: Labels, source: Config, index: number): Endpoint {
  return {
    address: spec.address ?? '',
    ports: spec.ports ?? {},
    labels,
    locality: spec.locality ?? '',
    weight: spec.weight ?? 0,
    namespace: source.namespace,
    serviceAccount: spec.serviceAccount ?? '',
    // Who has a service account has a sidecar.
    tlsMode: tlsModeOf(labels, spec.serviceAccount ? 'istio' : 'disabled'),
    source: source.key,
    index,
    registry: CONFIG_REGISTRY.id,
  };
}

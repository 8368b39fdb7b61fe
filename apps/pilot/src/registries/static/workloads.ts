import type { WorkloadEntry } from '#config';
import type { Config } from '../../model/config.js';
import { CONFIG_REGISTRY } from '../../model/registry.js';
import type { Workload } from '../../model/workload.js';
import { endpointOf, withNetwork } from './endpoints.js';

/** Made once for each config, so that an endpoint that did not change is the same object. */
const made = new WeakMap<Config<WorkloadEntry>, Workload>();

export function workloadOf(entry: Config<WorkloadEntry>): Workload {
  let workload = made.get(entry);
  if (!workload) made.set(entry, (workload = describe(entry)));
  return workload;
}

/** What a selector is matched against are the labels of the resource and those of its spec. */
function describe(entry: Config<WorkloadEntry>): Workload {
  const { key, namespace, name, resource, spec } = entry;
  const labels = { ...resource.labels, ...spec.labels };
  return {
    ...{ key, kind: 'WorkloadEntry', registry: CONFIG_REGISTRY.id, namespace, name },
    createdAt: resource.creationTimestamp,
    labels,
    addresses: spec.address ? [spec.address] : [],
    locality: spec.locality ?? '',
    endpoint: spec.address
      ? {
          ...endpointOf(spec, withNetwork(labels, spec), entry, 0),
          workload: { kind: 'WorkloadEntry', name },
        }
      : undefined,
  };
}

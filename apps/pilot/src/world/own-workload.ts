import type { Fact } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import type { Endpoint } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { fact } from './facts.js';
import type { ServiceIndex } from './indexes/service-index.js';

type Record = (fact: Fact) => void;

/** The workload that a proxy stands beside: see {@link WorldView.workloads}. */
export function ownWorkloads({ known }: ServiceIndex, record: Record, proxy: Proxy): readonly Workload[] {
  const { namespace, workloadEntry } = proxy;
  if (workloadEntry) {
    record(fact.workload(namespace, workloadEntry));
    return known.named(namespace, workloadEntry).filter(({ kind }) => kind === 'WorkloadEntry');
  }
  const pod = ownPod(known.named(namespace, proxy.name), proxy);
  record(fact.workload(namespace, proxy.name));
  if (pod) return [pod];
  return proxy.ipAddresses.flatMap((address) => {
    record(fact.workloadsAt(address));
    return known.at(address).filter((workload) => workload.namespace === namespace);
  });
}

/** Of two clusters that have a pod of this name, the one that the proxy says it is in. */
function ownPod(named: readonly Workload[], { clusterId }: Proxy): Workload | undefined {
  const pods = named.filter(({ kind }) => kind === 'Pod');
  return pods.find(({ registry }) => registry === clusterId) ?? (pods.length === 1 ? pods[0] : undefined);
}

/** Which endpoints of which hosts a proxy is. */
export interface OwnEndpoints {
  readonly hosts: readonly string[];
  readonly isMine: (endpoint: Endpoint) => boolean;
}

export function ownEndpoints(services: ServiceIndex, record: Record, proxy: Proxy): OwnEndpoints {
  const { namespace, workloadEntry, ipAddresses } = proxy;
  const [workload] = ownWorkloads(services, record, proxy);
  const pod = workload?.kind === 'Pod' ? workload : undefined;
  // A pod may share its node's address with others; whoever names its WorkloadEntry is that and nothing else.
  const addresses = new Set(workloadEntry ? [] : (pod?.addresses ?? ipAddresses));
  const key = workloadEntry || pod ? workload?.key : undefined;
  const names = [...(key === undefined ? [] : [key]), ...addresses];
  const hosts = names.flatMap((name) => {
    record(fact.servicesOf(name));
    return services.ofInstance(name);
  });
  return {
    hosts: [...new Set(hosts)].sort(),
    isMine: (endpoint) =>
      endpoint.namespace === namespace &&
      (addresses.has(endpoint.address) ||
        (endpoint.source === key && endpoint.registry === workload?.registry)),
  };
}

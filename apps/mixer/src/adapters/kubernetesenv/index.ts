import type { Value } from '#expressions';
import type { Workload } from '../../attributes/workload.js';
import { ipAddress } from '../../attributes/addresses.js';
import type { WorkloadDirectory } from '../../attributes/workload-directory.js';
import type { Adapter, Handler } from '../adapter.js';
import { Params } from '../params.js';

/**
 * Finds the workload of either side by uid, else by address, as Mixer's adapter of this name did from pods: here from
 * the mesh's WorkloadEntry and ServiceEntry resources.
 */
export const kubernetesenv: Adapter<undefined> = {
  name: 'kubernetesenv',
  templates: new Set(['kubernetes']),
  validate(value) {
    const params = new Params(value);
    // They say how to reach kube-apiserver, which this adapter does not ask.
    for (const field of ['kubeconfigPath', 'cacheRefreshDuration', 'clusterRegistriesNamespace'])
      params.raw(field);
    params.finish();
    return { params: undefined, problems: params.problems };
  },
  build(_params, environment): Handler {
    return {
      generate(instance) {
        const { sourceUid, sourceIp, destinationUid, destinationIp, destinationPort } = instance;
        const workloads = environment.workloads();
        const source = find(workloads, sourceUid, sourceIp);
        const destination = find(workloads, destinationUid, destinationIp, destinationPort);
        return new Map([...outputs('source', source), ...outputs('destination', destination)]);
      },
    };
  },
};

function find(workloads: WorkloadDirectory, uid: string, ip: string, port?: number): Workload | undefined {
  return uid === '' ? workloads.ofAddress(ip, port) : workloads.ofUid(uid);
}

function outputs(side: 'source' | 'destination', workload: Workload | undefined): [string, Value][] {
  const facts = workload?.facts ?? {};
  const attributes = new Map(workload?.[side] ?? []);
  const values: [string, Value | undefined][] = [
    ['pod_uid', attributes.get(`${side}.uid`)],
    ['pod_ip', ipAddress(facts.ip)],
    ['pod_name', facts.name],
    ['labels', facts.labels],
    ['namespace', facts.namespace],
    ['service_account_name', facts.serviceAccount],
    ['workload_uid', attributes.get(`${side}.workload.uid`)],
    ['workload_name', facts.workloadName],
    ['workload_namespace', attributes.get(`${side}.workload.namespace`)],
    ['owner', facts.owner],
  ];
  return values.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[`${side}_${name}`, value] as [string, Value]],
  );
}

import type { KubeObject, ObjectMeta } from '#common/kube';
import type { WorkloadName } from '../../model/service.js';
import type { KubePod } from './objects.js';

interface PodObject extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly hostNetwork?: boolean;
  };
  readonly status?: {
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip?: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export function pickPod(object: KubeObject): KubePod {
  const { metadata, spec = {}, status = {} } = object as PodObject;
  const addresses = (status.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
  const ready = status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  return {
    labels: metadata.labels ?? {},
    serviceAccount: spec.serviceAccountName ?? '',
    addresses: addresses.length === 0 && status.podIP ? [status.podIP] : addresses,
    node: spec.nodeName ?? '',
    hostNetwork: spec.hostNetwork ?? false,
    ready: ready && metadata.deletionTimestamp === undefined,
    workload: workloadNameOf(metadata),
    createdAt: metadata.creationTimestamp ?? '',
  };
}

const POD_TEMPLATE_HASH = 'pod-template-hash';
/** A CronJob names its Jobs after itself and the minute, or the second, that they are for. */
const CRON_JOB = /^(.+)-\d{8,10}$/;

/**
 * What people call a pod's workload, which is what made it or, where that was made in turn, the maker's maker. The
 * names alone say so: nobody needs to watch ReplicaSets and Jobs.
 */
export function workloadNameOf({ name, labels = {}, ownerReferences = [] }: ObjectMeta): WorkloadName {
  const owner = ownerReferences.find(({ controller }) => controller);
  if (!owner) return { kind: 'Pod', name };
  const suffix = `-${labels[POD_TEMPLATE_HASH] ?? ''}`;
  if (owner.kind === 'ReplicaSet' && suffix !== '-' && owner.name.endsWith(suffix))
    return { kind: 'Deployment', name: owner.name.slice(0, -suffix.length) };
  const cronJob = owner.kind === 'Job' ? CRON_JOB.exec(owner.name)?.[1] : undefined;
  if (cronJob !== undefined) return { kind: 'CronJob', name: cronJob };
  const config = labels['deploymentconfig'];
  if (owner.kind === 'ReplicationController' && config !== undefined)
    return { kind: 'DeploymentConfig', name: config };
  return { kind: owner.kind, name: owner.name };
}

import type { Value } from '#expressions';
import { ipAddress } from './addresses.js';
import type { StaticAttributes } from './bag.js';

/** What Mixer knows of one side of a request, however it found out. */
export interface WorkloadFacts {
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** The instance: a pod, a VM, a process. */
  readonly name?: string;
  /** What the instance belongs to, and metrics are labelled by. */
  readonly workloadName?: string;
  readonly labels?: ReadonlyMap<string, string>;
  readonly ip?: string;
  readonly owner?: string;
}

export type Side = 'source' | 'destination';

/** A workload with its attributes for either side, made once. */
export class Workload {
  readonly source: StaticAttributes;
  readonly destination: StaticAttributes;

  constructor(readonly facts: WorkloadFacts) {
    this.source = attributesOf(facts, 'source');
    this.destination = attributesOf(facts, 'destination');
  }
}

/** The uid of an instance, as Istio's sidecars send it. */
export function workloadUid(name: string, namespace: string): string {
  return `kubernetes://${name}.${namespace}`;
}

function attributesOf(facts: WorkloadFacts, side: Side): StaticAttributes {
  const { namespace, name, workloadName } = facts;
  const values: [string, Value | undefined][] = [
    ['uid', name && namespace ? workloadUid(name, namespace) : undefined],
    ['name', name],
    ['namespace', namespace],
    ['serviceAccount', facts.serviceAccount],
    ['labels', facts.labels],
    ['ip', ipAddress(facts.ip)],
    ['owner', facts.owner],
    ['workload.name', workloadName],
    ['workload.namespace', workloadName && namespace],
    [
      'workload.uid',
      workloadName && namespace ? `istio://${namespace}/workloads/${workloadName}` : undefined,
    ],
  ];
  return values.flatMap(([attribute, value]) =>
    value === undefined || value === '' ? [] : [[`${side}.${attribute}`, value] as const],
  );
}

import type { KubeObject, ObjectKey } from '#common/kube';
import type { TrafficDistribution, WorkloadName } from '../../model/service.js';

type Labels = Readonly<Record<string, string>>;

/** The fields of a Service that decide about anything. @see https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
export interface KubeService {
  /** Set for a Service of type ExternalName, and then the rest is of little use. */
  readonly externalName?: string;
  readonly headless: boolean;
  /** Virtual addresses: of the cluster, the primary family's first, and from outside. */
  readonly addresses: readonly string[];
  /** The primary one first; empty where the API server has not said yet. */
  readonly families: readonly IpFamily[];
  readonly ports: readonly KubePort[];
  readonly selector: Labels;
  /** `internalTrafficPolicy: Local`: clients get the endpoints of their own node, and no others. */
  readonly nodeLocal: boolean;
  readonly trafficDistribution?: TrafficDistribution;
  readonly exportTo: readonly string[];
  /** Identities that annotations state beside those of the pods. */
  readonly accounts: readonly string[];
  readonly createdAt: string;
}

export type IpFamily = 'IPv4' | 'IPv6';

export interface KubePort {
  readonly number: number;
  readonly name: string;
  readonly udp: boolean;
  readonly appProtocol: string;
  /** A number, or the name of a pod's port. */
  readonly target: number | string;
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/ */
export interface KubeSlice {
  /** Name of its Service. */
  readonly service: string;
  readonly family: IpFamily | undefined;
  /** By name of the service port; the empty name for a port without. */
  readonly ports: Readonly<Record<string, number>>;
  readonly endpoints: readonly KubeEndpoint[];
}

export interface KubeEndpoint {
  readonly address: string;
  /** `ready`: takes traffic. `draining`: about to end, but still serves. `idle`: neither. */
  readonly state: 'ready' | 'draining' | 'idle';
  /** Name of its pod, if it has one. */
  readonly pod?: string;
  readonly node?: string;
  readonly zone?: string;
}

export interface KubePod {
  readonly labels: Labels;
  readonly serviceAccount: string;
  readonly addresses: readonly string[];
  readonly node: string;
  /** It has the addresses of its node, and shares them. */
  readonly hostNetwork: boolean;
  readonly ready: boolean;
  readonly workload: WorkloadName;
  readonly createdAt: string;
}

/** Where a node is: `region/zone/subzone`, as far as its labels say. */
export interface KubeNode {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export interface KubeNamespace {
  readonly labels: Labels;
  /** The network that its pods are in, where a label says so. */
  readonly network: string;
}

/** What the adapter reads of a cluster, by the plural of its type. */
export interface Kept {
  readonly services: KubeService;
  readonly endpointslices: KubeSlice;
  readonly pods: KubePod;
  readonly nodes: KubeNode;
  readonly namespaces: KubeNamespace;
}

export type KeptType = keyof Kept;

/** What became of one object; `object` is undefined for one that is gone. */
export type KubeEdit = {
  readonly [T in KeptType]: {
    readonly type: T;
    readonly key: ObjectKey;
    readonly object: Kept[T] | undefined;
  };
}[KeptType];

/** Picks the fields in use from an object as the API server sends it, for each type. */
export type Pick<T extends KeptType> = (object: KubeObject) => Kept[T];

import type { Locality } from './locality.js';
import type { TrafficProxyConfig } from './proxy-config.js';

export interface ProvenIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * A proxy as its node message describes it, trimmed to what generation reads. Two proxies with equal `className` get
 * equal resources: everything below except `id` and `clusterName` is part of it.
 *
 * Node id: `<type>~<ip>~<id>~<domain>`; metadata keys are those of Istio's agent.
 */
export interface Proxy {
  /** The node id, `sidecar~127.10.0.3~reviews-v1.default~default.svc.cluster.local`. */
  readonly id: string;
  /** node.cluster, `<app>.<namespace>`. */
  readonly clusterName: string;
  readonly type: 'sidecar' | 'router';
  /** First is the primary one. */
  readonly ipAddresses: readonly string[];
  /** Of its addresses. Many proxies have this in common, and none their addresses. */
  readonly ipFamilies: 'IPv4' | 'IPv6' | 'both';
  /** `default.svc.cluster.local`: what short names are completed with. */
  readonly dnsDomain: string;
  /** Metadata NAMESPACE, else the namespace part of the node id. */
  readonly namespace: string;
  /** The name part of the node id: that of its pod. */
  readonly name: string;
  /** Metadata CLUSTER_ID: the registry that knows its pod; empty where there is one cluster at most. */
  readonly clusterId: string;
  /** Metadata NODE_NAME. */
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  /** The node's, else that of a label; empty parts where neither says. */
  readonly locality: Locality;
  readonly interceptionMode: 'REDIRECT' | 'TPROXY' | 'NONE';
  /** Metadata WORKLOAD_ENTRY: name of the WorkloadEntry that this proxy stands for; empty where it is found by address. */
  readonly workloadEntry: string;
  /** Metadata HTTP_PROXY_PORT; 0 where absent (then MeshConfig.proxyHttpPort counts). */
  readonly httpProxyPort: number;
  /** Metadata HTTP10: its application may speak HTTP/1.0. */
  readonly http10: boolean;
  /** Metadata DNS_AUTO_ALLOCATE: its name server gives services without an address one of 240.240.0.0/16. */
  readonly autoAllocate: boolean;
  /** Metadata QUARTET_VHDS: takes virtual hosts one by one instead of whole route tables. */
  readonly vhds: boolean;
  /** Metadata PROXY_CONFIG, as far as Pilot reads it: the proxy's own part of how it is set up. */
  readonly proxyConfig: TrafficProxyConfig;
  /** Metadata ISTIO_VERSION. */
  readonly istioVersion: string;
  /** All of the node's metadata that are plain texts, numbers and flags, as texts: EnvoyFilters may ask for any. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Metadata GENERATOR: `grpc` for gRPC's own xDS clients, empty for Envoy. */
  readonly generator: '' | 'grpc';
  /**
   * The identity that it proved to Pilot, if any. Never taken from what it says of itself: what is secret goes by this
   * alone.
   */
  readonly proven: ProvenIdentity | undefined;
  readonly className: string;
}

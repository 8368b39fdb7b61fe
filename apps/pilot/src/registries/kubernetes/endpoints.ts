import type { ObjectKey } from '#common/kube';
import { resourceKey } from '#config';
import { localityOfLabels } from '../../model/locality.js';
import type { Endpoint } from '../../model/service.js';
import type { Workload } from '../../model/workload.js';
import { NETWORK_LABEL } from '../static/endpoints.js';
import { tlsModeOf } from '../tls-mode.js';
import type { IpFamily, KubeEndpoint, KubeNode, KubePod, KubeService, KubeSlice } from './objects.js';
import { splitKey } from './services.js';

/** What endpoints are made from, beside their own object. */
export interface Surroundings {
  readonly cluster: string;
  /** That of the cluster; empty where nobody says. */
  readonly network: string;
  pod(key: ObjectKey): KubePod | undefined;
  node(name: string): KubeNode | undefined;
}

/** The endpoints of one slice. */
export interface SliceEndpoints {
  readonly ready: readonly Endpoint[];
  readonly draining: readonly Endpoint[];
  readonly idle: readonly Endpoint[];
}

export const NO_ENDPOINTS: SliceEndpoints = { ready: [], draining: [], idle: [] };

/**
 * An endpoint whose pod is not known (yet, or any more) is left out: nobody can say whether it takes mTLS, nor who it
 * is. A pod of two families is one endpoint, known by the address of the service's primary family, and by the other.
 */
export function sliceEndpoints(
  key: ObjectKey,
  slice: KubeSlice,
  service: KubeService | undefined,
  around: Surroundings,
): SliceEndpoints {
  if (!service || !slice.family) return NO_ENDPOINTS;
  const found: { readonly [S in KubeEndpoint['state']]: Endpoint[] } = { ready: [], draining: [], idle: [] };
  for (const each of slice.endpoints) {
    const endpoint = endpointOf(key, slice, each, service, around);
    if (endpoint) found[each.state].push(endpoint);
  }
  return found;
}

function endpointOf(
  key: ObjectKey,
  slice: KubeSlice,
  endpoint: KubeEndpoint,
  { families }: KubeService,
  around: Surroundings,
): Endpoint | undefined {
  const { address, pod: name } = endpoint;
  const served = { address, ports: slice.ports, namesAllPorts: true as const };
  if (name === undefined) return { ...podless(key, endpoint, around), ...served };
  const { namespace } = splitKey(key);
  const pod = around.pod(`${namespace}/${name}`);
  const [primary, secondary] = families;
  if (!pod || (slice.family === secondary && pod.addresses.some((each) => isOf(primary, each))))
    return undefined;
  const others = pod.addresses.filter((each) => each !== address && isOf(secondary, each));
  return {
    ...podEndpoint(pod, { namespace, name }, around),
    ...served,
    ...(others.length > 0 && { otherAddresses: others }),
  };
}

function isOf(family: IpFamily | undefined, address: string): boolean {
  return family === (address.includes(':') ? 'IPv6' : 'IPv4');
}

interface Name {
  readonly namespace: string;
  readonly name: string;
}

/** A pod as an endpoint, but for the ports of a service. */
function podEndpoint(pod: KubePod, { namespace, name }: Name, around: Surroundings): Endpoint {
  const { labels, serviceAccount, node, workload } = pod;
  return {
    address: pod.addresses[0] ?? '',
    ports: {},
    labels: withPlace(labels, node, around),
    locality: localityOf(pod, around),
    weight: 0,
    namespace,
    serviceAccount,
    tlsMode: tlsModeOf(labels, 'disabled'),
    source: resourceKey('', 'Pod', namespace, name),
    index: 0,
    registry: around.cluster,
    workload,
    ...(node && { node }),
  };
}

function podless(key: ObjectKey, { node = '', zone = '' }: KubeEndpoint, around: Surroundings): Endpoint {
  const { namespace, name } = splitKey(key);
  const known = around.node(node);
  return {
    address: '',
    ports: {},
    labels: withPlace({}, node, around),
    locality: known ? written(known) : zone && `/${zone}`,
    weight: 0,
    namespace,
    serviceAccount: '',
    tlsMode: 'disabled',
    source: resourceKey('discovery.k8s.io', 'EndpointSlice', namespace, name),
    index: 0,
    registry: around.cluster,
    ...(node && { node }),
  };
}

/** Labels that Istio adds, by which subsets and priorities may choose. @see https://istio.io/latest/docs/reference/config/labels/ */
function withPlace(
  labels: Readonly<Record<string, string>>,
  node: string,
  { cluster, network }: Surroundings,
): Readonly<Record<string, string>> {
  return {
    'topology.istio.io/cluster': cluster,
    ...(node && { 'kubernetes.io/hostname': node }),
    ...(network && { [NETWORK_LABEL]: network }),
    ...labels,
  };
}

function localityOf({ labels, node }: KubePod, around: Surroundings): string {
  const stated = localityOfLabels(labels);
  const known = stated ?? around.node(node);
  return known ? written(known) : '';
}

function written({ region, zone, subZone }: KubeNode): string {
  return `${region}/${zone}/${subZone}`.replace(/\/+$/, '');
}

/** A pod as a workload. While it is not ready, it takes no traffic. */
export function workloadOf(key: ObjectKey, pod: KubePod, around: Surroundings): Workload {
  const { namespace, name } = splitKey(key);
  const { labels, addresses, hostNetwork, ready, createdAt, node } = pod;
  return {
    key: resourceKey('', 'Pod', namespace, name),
    kind: 'Pod',
    registry: around.cluster,
    namespace,
    name,
    createdAt,
    labels,
    addresses: hostNetwork ? [] : addresses,
    locality: localityOf(pod, around),
    ...(node && { node }),
    endpoint: ready && addresses.length > 0 ? podEndpoint(pod, { namespace, name }, around) : undefined,
  };
}

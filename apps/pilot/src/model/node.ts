import { isIPv6 } from 'node:net';
import type { MeshProxyConfig } from '#config';
import { MESH_PROXY_CONFIG, readSpec } from '#config';
import { digestOf } from './config.js';
import type { Locality } from './locality.js';
import { localityOfLabels } from './locality.js';
import type { TrafficProxyConfig } from './proxy-config.js';
import { trafficPart } from './proxy-config.js';
import type { ProvenIdentity, Proxy } from './proxy.js';

/** What an Envoy says of itself, before it is trusted: metadata is any JSON. */
export interface Node {
  readonly id: string;
  readonly cluster: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly locality?: { readonly region?: string; readonly zone?: string; readonly subZone?: string };
}

export type NodeResult =
  { readonly ok: true; readonly proxy: Proxy } | { readonly ok: false; readonly error: string };

/**
 * Reads a node the way Istio's agent writes it and keeps only what generation needs: an Envoy's own metadata runs to
 * 60 KB, and thousands of them are held.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
 */
export function proxyFromNode(node: Node): NodeResult {
  const [type, ip, name, dnsDomain, ...rest] = node.id.split('~');
  if (ip === undefined || !name || !dnsDomain || rest.length > 0) {
    return { ok: false, error: `node id '${node.id.slice(0, 200)}' is not <type>~<ip>~<name>~<domain>` };
  }
  if (type !== 'sidecar' && type !== 'router') {
    return { ok: false, error: `node type '${type?.slice(0, 50)}' is neither sidecar nor router` };
  }
  const metadata = new Metadata(node.metadata);
  const ipAddresses = [...new Set([...(ip ? [ip] : []), ...metadata.list('INSTANCE_IPS')])];
  if (ipAddresses.length === 0) return { ok: false, error: `node '${node.id.slice(0, 200)}' has no address` };
  const ipFamilies = familiesOf(ipAddresses);
  const body = { type, ipAddresses, ipFamilies, dnsDomain, ...described(node, metadata, name) } as const;
  const className = digestOf(JSON.stringify(body));
  return { ok: true, proxy: { id: node.id, clusterName: node.cluster, ...body, className } };
}

/** The proxy as one that has proved who it is. */
export function provenAs(proxy: Proxy, { namespace, serviceAccount }: ProvenIdentity): Proxy {
  const className = digestOf(`${namespace}/${serviceAccount} ${proxy.className}`);
  return { ...proxy, proven: { namespace, serviceAccount }, className };
}

function familiesOf(addresses: readonly string[]): Proxy['ipFamilies'] {
  const six = addresses.filter((address) => isIPv6(address)).length;
  if (six === 0) return 'IPv4';
  return six === addresses.length ? 'IPv6' : 'both';
}

function described(node: Node, metadata: Metadata, name: string) {
  const labels = metadata.labels('LABELS', networkOf(metadata));
  const mode = metadata.text('INTERCEPTION_MODE');
  const namespace = metadata.text('NAMESPACE') || name.slice(name.indexOf('.') + 1);
  return {
    namespace,
    name: name.endsWith(`.${namespace}`) ? name.slice(0, -namespace.length - 1) : name,
    clusterId: metadata.text('CLUSTER_ID'),
    nodeName: metadata.text('NODE_NAME'),
    labels,
    serviceAccount: metadata.text('SERVICE_ACCOUNT'),
    locality: localityOf(node, labels),
    interceptionMode: mode === 'NONE' || mode === 'TPROXY' ? mode : 'REDIRECT',
    workloadEntry: metadata.text('WORKLOAD_ENTRY'),
    httpProxyPort: metadata.port('HTTP_PROXY_PORT'),
    http10: metadata.text('HTTP10') === '1' || metadata.flag('HTTP10'),
    autoAllocate: metadata.flag('DNS_AUTO_ALLOCATE'),
    vhds: metadata.flag('QUARTET_VHDS'),
    proxyConfig: metadata.proxyConfig(),
    istioVersion: metadata.text('ISTIO_VERSION'),
    metadata: metadata.plain(),
    generator: metadata.text('GENERATOR') === 'grpc' ? 'grpc' : '',
    proven: undefined,
  } as const;
}

/** As a label, so that endpoints of the same network can be preferred. */
function networkOf(metadata: Metadata): Readonly<Record<string, string>> {
  const network = metadata.text('NETWORK');
  return network ? { 'topology.istio.io/network': network } : {};
}

function localityOf({ locality = {} }: Node, labels: Readonly<Record<string, string>>): Locality {
  const { region = '', zone = '', subZone = '' } = locality;
  const stated = region === '' ? localityOfLabels(labels) : undefined;
  return stated ?? { region, zone, subZone };
}

/** Characters of a proxy's own configuration, as JSON. */
const MAX_PROXY_CONFIG = 20_000;

const MAX_PAIRS = 64;
/** Characters of a name and its value together. */
const MAX_PAIR = 512;

/** Metadata comes as JSON from a CLI and as a Struct from Envoy: numbers and flags may well be strings. */
class Metadata {
  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  text(key: string): string {
    const value = Object.hasOwn(this.values, key) ? this.values[key] : undefined;
    return typeof value === 'string' ? value : '';
  }

  list(key: string): string[] {
    return this.text(key).split(',').filter(Boolean);
  }

  flag(key: string): boolean {
    return this.values[key] === true || this.text(key) === 'true';
  }

  /** What breaks the schema counts as nothing said; so does what is larger than anybody's. */
  proxyConfig(): TrafficProxyConfig {
    const value = this.values['PROXY_CONFIG'];
    if (value === undefined || JSON.stringify(value).length > MAX_PROXY_CONFIG) return {};
    const { spec, valid } = readSpec(MESH_PROXY_CONFIG, value, []);
    return valid ? trafficPart(spec as MeshProxyConfig) : {};
  }

  /** As many and as long as an agent ever sends, no more: a node may hold anything. */
  plain(): Readonly<Record<string, string>> {
    const pairs = Object.entries(this.values).flatMap(([key, value]): [string, string][] => {
      const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      return isPlain ? [[key, String(value)]] : [];
    });
    const short = pairs.filter(([key, value]) => key.length + value.length <= MAX_PAIR);
    return Object.fromEntries(short.slice(0, MAX_PAIRS).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  port(key: string): number {
    const value = Number(this.values[key] ?? 0);
    return Number.isInteger(value) && value > 0 && value < 65536 ? value : 0;
  }

  /** Sorted, so that two proxies with the same labels have the same class. */
  labels(key: string, byDefault: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const value = this.values[key];
    const stated = typeof value === 'object' && value !== null ? value : {};
    const pairs = Object.entries({ ...byDefault, ...stated }).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

import type { ResourceKey } from '#config';
import { digestOf } from './config.js';

/** How a port's traffic is read; AUTO: each connection as what it turns out to be, HTTP or not. */
export type Protocol = 'HTTP' | 'HTTP2' | 'TLS' | 'TCP' | 'UDP' | 'AUTO';

/** What Envoy has a filter for besides. */
export type Dialect = 'GRPC_WEB' | 'MONGO' | 'REDIS';

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
  readonly dialect?: Dialect;
  /** Port of the endpoints that name none themselves. */
  readonly targetPort: number;
  /** The name under which a WorkloadEntry may list the target port, where a Service gives only that. */
  readonly targetName?: string;
}

/**
 * How the proxy finds the endpoints: EDS from us, STRICT_DNS (all answers) or LOGICAL_DNS (the first one) from a
 * name server, ORIGINAL_DST from the connection itself.
 */
export type Resolution = 'EDS' | 'STRICT_DNS' | 'LOGICAL_DNS' | 'ORIGINAL_DST';

/** The nearest; those of the zone; those of the node, then the nearest. Others take over where none is left. */
export type TrafficDistribution = 'PreferClose' | 'PreferSameZone' | 'PreferSameNode';

export interface ServiceFields {
  readonly host: string;
  /** `reviews` for `reviews.default.svc.cluster.local`, else the host. */
  readonly name: string;
  readonly namespace: string;
  /** Virtual addresses: IPs or CIDRs. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  readonly meshExternal: boolean;
  /** Empty means the mesh's default. */
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
  /** RFC 3339; of two services that want the same, the older has it. */
  readonly createdAt: string;
  readonly sources: readonly ResourceKey[];
  /** Clients get the endpoints of their own node, and no others. */
  readonly nodeLocal?: boolean;
  /** Virtual addresses by registry, where several have different ones: a client knows those of its own cluster. */
  readonly addressesIn?: Readonly<Record<string, readonly string[]>>;
  /** Which endpoints a client prefers, where no DestinationRule says it. */
  readonly trafficDistribution?: TrafficDistribution;
  /** Its endpoints are known, but clients pick one by its address; a gateway's clients know none of these. */
  readonly headless?: boolean;
}

/** A service, from whatever registry. Its endpoints are apart: they change far more often. */
export class Service implements ServiceFields {
  readonly host: string;
  readonly name: string;
  readonly namespace: string;
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  readonly meshExternal: boolean;
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
  readonly createdAt: string;
  readonly sources: readonly ResourceKey[];
  readonly nodeLocal: boolean;
  readonly headless: boolean;
  readonly trafficDistribution: TrafficDistribution | undefined;
  readonly addressesIn: Readonly<Record<string, readonly string[]>> | undefined;
  readonly digest: string;
  private addressed: Service | undefined;
  private balanced: Service | undefined;
  private readonly local = new Map<string, Service>();

  constructor(private readonly fields: ServiceFields) {
    this.host = fields.host;
    this.name = fields.name;
    this.namespace = fields.namespace;
    this.addresses = fields.addresses;
    this.ports = fields.ports;
    this.resolution = fields.resolution;
    this.meshExternal = fields.meshExternal;
    this.exportTo = fields.exportTo;
    this.subjectAltNames = fields.subjectAltNames;
    this.createdAt = fields.createdAt;
    this.sources = fields.sources;
    this.nodeLocal = fields.nodeLocal ?? false;
    this.headless = fields.headless ?? false;
    this.trafficDistribution = fields.trafficDistribution;
    this.addressesIn = fields.addressesIn;
    this.digest = digestOf(JSON.stringify(fields));
  }

  port(number: number): ServicePort | undefined {
    return this.ports.find((port) => port.number === number);
  }

  /** The same service, but for these fields. */
  with(fields: Partial<ServiceFields>): Service {
    return new Service({ ...this.fields, ...fields });
  }

  /** The same service as it is in a cluster. */
  in(cluster: string): Service {
    const addresses = this.addressesIn?.[cluster];
    if (!addresses) return this;
    let local = this.local.get(cluster);
    if (!local) this.local.set(cluster, (local = this.with({ addresses })));
    return local;
  }

  /** A headless service for who has to choose among its endpoints. */
  withEndpoints(): Service {
    return (this.balanced ??= this.with({ resolution: 'EDS', headless: false }));
  }

  /** The same service with this address instead of none. */
  at(address: string): Service {
    if (this.addressed?.addresses[0] !== address) this.addressed = this.with({ addresses: [address] });
    return this.addressed;
  }

  toJSON(): string {
    return `${this.host}@${this.digest}`;
  }
}

export function isHttp(protocol: Protocol): boolean {
  return protocol === 'HTTP' || protocol === 'HTTP2';
}

/** Whether any of a port's traffic may be HTTP, so that it has routes. */
export function mayBeHttp(protocol: Protocol): boolean {
  return isHttp(protocol) || protocol === 'AUTO';
}

/** One place where a service is to be had. Plain data: it is hashed as it is. */
export interface Endpoint {
  /** IP, host name, or `unix:///absolute/path`. */
  readonly address: string;
  /** IPs of the other family, for clients that have only that. */
  readonly otherAddresses?: readonly string[];
  /** By service port name; a port that is not here is the service's targetPort. */
  readonly ports: Readonly<Record<string, number>>;
  /** It serves the ports that it names, and no others of the service. */
  readonly namesAllPorts?: true;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`. */
  readonly locality: string;
  readonly weight: number;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Whether its sidecar takes Istio's mTLS. */
  readonly tlsMode: 'istio' | 'disabled';
  readonly source: ResourceKey;
  /** Position in a ServiceEntry's endpoints; 0 for all others. */
  readonly index: number;
  /** Id of the registry that knows it. */
  readonly registry: string;
  /** What it is an instance of; absent where nobody knows. */
  readonly workload?: WorkloadName;
  /** The node that it runs on. */
  readonly node?: string;
}

/** A workload as people know it: for a pod that is its Deployment, StatefulSet, ... */
export interface WorkloadName {
  readonly kind: string;
  readonly name: string;
}

/** Where an endpoint serves a port of its service; undefined where it does not. */
export function endpointPort(endpoint: Endpoint, port: ServicePort): number | undefined {
  const { ports, namesAllPorts } = endpoint;
  const named = ports[port.name] ?? (port.targetName === undefined ? undefined : ports[port.targetName]);
  return named ?? (namesAllPorts ? undefined : port.targetPort);
}

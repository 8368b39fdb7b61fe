import { MultiMap, PersistentMap } from '#common/collections';
import { AutoAddresses } from '../../model/auto-addresses.js';
import type { Fact } from '../../model/contract.js';
import { isWildcard } from '../../model/host.js';
import type { RegistryChange } from '../../model/registry.js';
import { isNothing, splitServiceId } from '../../model/registry.js';
import type { Service } from '../../model/service.js';
import { isHttp } from '../../model/service.js';
import { fact } from '../facts.js';
import type { ServiceFigures } from '../figures.js';
import { NO_FIGURES } from '../figures.js';
import type { PortUse, UseSort } from '../view.js';
import { touchIfChanged } from './edit.js';
import { touchEndpoints } from './endpoint-changes.js';
import type { Hosted } from './hosted.js';
import { hostedAt } from './hosted.js';
import { Registrations } from './registrations.js';
import { withHost } from './service-figures.js';

/** Services and their endpoints by host, and the ways to a host: by port, by virtual address, by workload. */
export class ServiceIndex {
  private constructor(
    readonly known: Registrations,
    private readonly tables: Tables,
  ) {}

  static readonly empty = new ServiceIndex(Registrations.empty, {
    hosts: PersistentMap.empty(),
    inNamespace: MultiMap.empty(),
    onPort: MultiMap.empty(),
    atAddress: MultiMap.empty(),
    ofInstance: MultiMap.empty(),
    auto: AutoAddresses.empty,
    particular: 0,
    figures: NO_FIGURES,
  });

  /** Those of one host, one for each namespace that defines it, older first. */
  ofHost(host: string): readonly Hosted[] {
    return this.tables.hosts.get(host) ?? [];
  }

  hosts(): string[] {
    return [...this.tables.hosts.keys()].sort();
  }

  hostsIn(namespace: string): string[] {
    return ids(this.tables.inNamespace.get(namespace));
  }

  ports(): number[] {
    return [...this.tables.onPort.keys()].map(Number).sort((a, b) => a - b);
  }

  portsOf(host: string): number[] {
    return portsOf(this.ofHost(host));
  }

  onPort(port: number): string[] {
    return ids(this.tables.onPort.get(String(port)));
  }

  atAddress(address: string): string[] {
    return ids(this.tables.atAddress.get(address));
  }

  /** Addresses for the services that have none. */
  get auto(): AutoAddresses {
    return this.tables.auto;
  }

  /** Whether every namespace sees the same, where services are exported to all unless they say otherwise. */
  get isUniform(): boolean {
    return this.tables.particular === 0;
  }

  get figures(): ServiceFigures {
    return this.tables.figures;
  }

  /** @param instance the key of a WorkloadEntry or a pod, or an address */
  ofInstance(instance: string): string[] {
    return ids(this.tables.ofInstance.get(instance));
  }

  /** Takes in what a registry says; names the facts that this changes. Costs what it touches. */
  apply(change: RegistryChange, touched: Set<Fact>): ServiceIndex {
    if (isNothing(change)) return this;
    const hosts = new Set<string>();
    const known = withWorkloads(withServices(this.known, change, hosts), change, hosts, touched);
    let tables = this.tables;
    for (const host of hosts) tables = refresh(tables, host, hostedAt(known, host), touched);
    return new ServiceIndex(known, tables);
  }
}

function withServices(
  known: Registrations,
  { registry, services }: RegistryChange,
  hosts: Set<string>,
): Registrations {
  return [...services].reduce((next, [id, service]) => {
    hosts.add(splitServiceId(id).host);
    return next.withService(registry, id, service);
  }, known);
}

function withWorkloads(
  known: Registrations,
  { registry, workloads }: RegistryChange,
  hosts: Set<string>,
  touched: Set<Fact>,
): Registrations {
  return [...workloads].reduce((next, [key, after]) => {
    for (const workload of [next.workload(registry, key), after]) {
      if (!workload) continue;
      touched.add(fact.workload(workload.namespace, workload.name));
      for (const address of workload.addresses) touched.add(fact.workloadsAt(address));
      for (const { service } of next.selecting(workload)) hosts.add(service.host);
    }
    return next.withWorkload(registry, key, after);
  }, known);
}

interface Tables {
  readonly hosts: PersistentMap<readonly Hosted[]>;
  readonly inNamespace: MultiMap<true>;
  readonly onPort: MultiMap<true>;
  readonly atAddress: MultiMap<true>;
  readonly ofInstance: MultiMap<true>;
  readonly auto: AutoAddresses;
  /** How many hosts are not the same for all who look. */
  readonly particular: number;
  readonly figures: ServiceFigures;
}

function ids(group: Iterable<readonly [string, true]>): string[] {
  return [...group].map(([id]) => id).sort();
}

function refresh(tables: Tables, host: string, after: readonly Hosted[], touched: Set<Fact>): Tables {
  const before = tables.hosts.get(host) ?? [];
  const namespaces = namespacesOf([...before, ...after]);
  const listed = [fact.services, fact.listed(host), ...namespaces.map(fact.servicesIn)];
  touchIfChanged(touched, before.map(visibility), after.map(visibility), ...listed);
  touchIfChanged(touched, before.map(service), after.map(service), fact.service(host));
  touchEndpoints(host, before, after, touched);
  touchIfChanged(touched, before.map(identity), after.map(identity), fact.accounts(host));
  touchPorts(host, before, after, touched);
  const hosts = after.length > 0 ? tables.hosts.set(host, after) : tables.hosts.delete(host);
  const moved = <K extends string | number>(
    table: MultiMap<true>,
    keys: (hosted: readonly Hosted[]) => K[],
    named?: (key: K) => Fact,
  ): MultiMap<true> =>
    refile(table, host, keys(before), keys(after), named && ((key) => touched.add(named(key))));
  return {
    hosts,
    inNamespace: moved(tables.inNamespace, namespacesOf),
    onPort: moved(tables.onPort, portsOf),
    atAddress: moved(tables.atAddress, addressesOf, fact.servicesAt),
    ofInstance: moved(tables.ofInstance, instancesOf),
    auto: allocated(tables.auto, host, before, after, touched),
    particular: tables.particular + Number(isParticular(after)) - Number(isParticular(before)),
    figures: withHost(tables.figures, before, after),
  };
}

function isParticular(hosted: readonly Hosted[]): boolean {
  const isLimited = ({ service: { exportTo = [] } }: Hosted): boolean =>
    exportTo.length > 0 && !exportTo.includes('*');
  return hosted.length > 1 || hosted.some(isLimited);
}

function allocated(
  auto: AutoAddresses,
  host: string,
  before: readonly Hosted[],
  after: readonly Hosted[],
  touched: Set<Fact>,
): AutoAddresses {
  const [had, wants] = [before, after].map((hosted) => hosted.some(({ service }) => wantsAddress(service)));
  if (had === wants) return auto;
  const moved = new Set<string>();
  const next = wants ? auto.with(host, moved) : auto.without(host, moved);
  if (moved.size > 0) touched.add(fact.autoAddresses);
  return next;
}

/** A service that a name server could answer for, and that has nothing to answer with. */
export function wantsAddress({ host, addresses, resolution }: Service): boolean {
  return addresses.length === 0 && !isWildcard(host) && resolution !== 'ORIGINAL_DST';
}

function refile<K extends string | number>(
  table: MultiMap<true>,
  host: string,
  before: readonly K[],
  after: readonly K[],
  moved: (key: K) => void = () => undefined,
): MultiMap<true> {
  const [old, next] = [new Set(before), new Set(after)];
  let filed = table;
  for (const key of [...old].filter((each) => !next.has(each))) {
    moved(key);
    filed = filed.delete(String(key), host);
  }
  for (const key of [...next].filter((each) => !old.has(each))) {
    moved(key);
    filed = filed.set(String(key), host, true);
  }
  return filed;
}

/** A port's listeners and routes depend on who has it and whether it speaks HTTP, not on the rest of a service. */
function touchPorts(
  host: string,
  before: readonly Hosted[],
  after: readonly Hosted[],
  touched: Set<Fact>,
): void {
  const everybody = [
    fact.ports,
    fact.portsOf(host),
    ...namespacesOf([...before, ...after]).map(fact.portsIn),
  ];
  for (const port of new Set([...portsOf(before), ...portsOf(after)])) {
    const uses = (hosted: readonly Hosted[]): unknown =>
      hosted.map(({ service }) => [
        portUse(service, port) ?? null,
        service.exportTo,
        isHttp(service.port(port)?.protocol ?? 'HTTP') ? null : service.addressesIn,
      ]);
    touchIfChanged(touched, uses(before), uses(after), ...everybody, fact.servicesOnPort(port));
  }
}

export function portUse(service: Service, number: number): PortUse | undefined {
  const port = service.port(number);
  if (!port) return undefined;
  const { host, namespace, addresses, createdAt, resolution } = service;
  const { protocol, dialect } = port;
  const shared = { host, namespace, ...(dialect && { dialect }) };
  if (isHttp(protocol)) return { ...shared, protocol: 'HTTP', addresses: [] };
  return { ...shared, protocol, addresses, createdAt, resolution };
}

export function sortOf({ protocol, dialect }: PortUse): UseSort {
  if (protocol !== 'HTTP') return 'other';
  return dialect === 'GRPC_WEB' ? 'grpc-web' : 'http';
}

const service = (hosted: Hosted): Service => hosted.service;
const visibility = ({ service }: Hosted): unknown => [
  service.namespace,
  service.exportTo,
  service.resolution,
  service.ports.map((port) => [port.number, port.protocol]),
];

const identity = (hosted: Hosted): unknown => [
  accountsOf(hosted),
  hosted.endpoints.some(({ tlsMode }) => tlsMode === 'istio'),
];

export function accountsOf({ service, endpoints }: Hosted): string[] {
  const accounts = endpoints.filter((endpoint) => endpoint.serviceAccount !== '');
  return [...new Set(accounts.map(({ namespace, serviceAccount }) => `ns/${namespace}/sa/${serviceAccount}`))]
    .concat(service.subjectAltNames)
    .sort();
}

function namespacesOf(hosted: readonly Hosted[]): string[] {
  return [...new Set(hosted.map(({ service }) => service.namespace))];
}

function portsOf(hosted: readonly Hosted[]): number[] {
  return hosted.flatMap(({ service }) => service.ports.map((port) => port.number));
}

function addressesOf(hosted: readonly Hosted[]): string[] {
  return hosted.flatMap(({ service: { addresses, addressesIn = {} } }) => [
    ...addresses,
    ...Object.values(addressesIn).flat(),
  ]);
}

function instancesOf(hosted: readonly Hosted[]): string[] {
  return hosted.flatMap(({ endpoints, idle }) =>
    [...endpoints, ...idle].flatMap((endpoint) => [endpoint.source, endpoint.address]),
  );
}

import type { Resource, ServiceEntry, WorkloadEntry } from '#config';
import { configPath } from '#config';
import { principalParts } from './principal.js';
import { Workload } from './workload.js';
import type { WorkloadFacts } from './workload.js';

/** The label that names the workload of a WorkloadEntry, where it is not the entry itself. */
const WORKLOAD_NAME_LABEL = 'service.istio.io/workload-name';

interface Entry {
  readonly facts: WorkloadFacts;
  readonly address: string;
  /** Empty: any port. */
  readonly ports: ReadonlySet<number>;
}

/**
 * Finds the workload behind an identity or an address, from the WorkloadEntry and ServiceEntry resources. Where several
 * would fit, the answer holds what they have in common and nothing else.
 */
export class WorkloadDirectory {
  private readonly byIdentity = new Map<string, Workload>();
  private readonly byUid = new Map<string, Workload>();
  private readonly byAddress = new Map<string, Workload>();
  private readonly byAddressAndPort = new Map<string, Workload>();

  constructor(resources: Iterable<Resource>) {
    const entries = [...resources].flatMap(entriesOf);
    fill(this.byIdentity, entries, ({ facts }) => identityKeys(facts.namespace, facts.serviceAccount));
    fill(this.byUid, entries, ({ facts }) => (facts.name ? [`${facts.name}.${facts.namespace}`] : []));
    fill(this.byAddress, entries, ({ address }) => [address]);
    fill(this.byAddressAndPort, entries, ({ address, ports }) =>
      [...ports].map((port) => `${address}:${port}`),
    );
  }

  /** By `trust-domain/ns/NAMESPACE/sa/ACCOUNT`. A proven identity without an entry still has a namespace. */
  ofPrincipal(principal: string): Workload | undefined {
    const parts = principalParts(principal);
    if (!parts) return undefined;
    const key = `${parts.namespace}/${parts.serviceAccount}`;
    let workload = this.byIdentity.get(key);
    if (!workload) {
      workload = new Workload(parts);
      // The directory is replaced with the config, so what strangers' certificates add to it goes with it.
      if (this.byIdentity.size < MAX_IDENTITIES) this.byIdentity.set(key, workload);
    }
    return workload;
  }

  /** By `kubernetes://NAME.NAMESPACE`; the last dot ends the name. */
  ofUid(uid: string): Workload | undefined {
    return this.byUid.get(uid.replace(/^kubernetes:\/\//, ''));
  }

  /** By address and port, else by address alone. */
  ofAddress(address: string, port?: number): Workload | undefined {
    const exact = port === undefined ? undefined : this.byAddressAndPort.get(`${address}:${port}`);
    return exact ?? this.byAddress.get(address);
  }
}

const MAX_IDENTITIES = 100_000;

function identityKeys(namespace: string | undefined, serviceAccount: string | undefined): string[] {
  return namespace && serviceAccount ? [`${namespace}/${serviceAccount}`] : [];
}

function entriesOf(resource: Resource): Entry[] {
  if (resource.group !== 'networking.istio.io') return [];
  if (resource.kind === 'WorkloadEntry') return [entryOf(resource, resource.spec as WorkloadEntry)];
  if (resource.kind !== 'ServiceEntry') return [];
  const service = resource.spec as ServiceEntry;
  return (service.endpoints ?? []).map((endpoint) => inlineEntry(resource, service, endpoint));
}

function entryOf(resource: Resource, spec: WorkloadEntry): Entry {
  // A WorkloadEntry may carry its labels in either place; the spec's are what Istio's selectors read.
  const labels = new Map(Object.entries({ ...resource.labels, ...spec.labels }));
  const facts: WorkloadFacts = {
    namespace: resource.namespace,
    name: resource.name,
    workloadName: labels.get(WORKLOAD_NAME_LABEL) ?? resource.name,
    serviceAccount: spec.serviceAccount ?? '',
    labels,
    ip: spec.address ?? '',
    owner: `kubernetes:/${configPath(resource.key)}`,
  };
  return { facts, address: spec.address ?? '', ports: new Set(Object.values(spec.ports ?? {})) };
}

/** An endpoint written into a ServiceEntry: no instance of its own name, but labels and an account. */
function inlineEntry(resource: Resource, service: ServiceEntry, endpoint: WorkloadEntry): Entry {
  const labels = new Map(Object.entries(endpoint.labels ?? {}));
  const workloadName = labels.get(WORKLOAD_NAME_LABEL);
  const facts: WorkloadFacts = {
    namespace: resource.namespace,
    labels,
    ip: endpoint.address ?? '',
    ...(endpoint.serviceAccount === undefined ? {} : { serviceAccount: endpoint.serviceAccount }),
    ...(workloadName === undefined ? {} : { workloadName }),
  };
  const ports = (service.ports ?? []).map(
    (port) => endpoint.ports?.[port.name ?? ''] ?? port.targetPort ?? port.number,
  );
  return { facts, address: endpoint.address ?? '', ports: new Set(ports) };
}

function fill(
  index: Map<string, Workload>,
  entries: readonly Entry[],
  keysOf: (entry: Entry) => string[],
): void {
  const groups = new Map<string, WorkloadFacts[]>();
  for (const entry of entries) {
    for (const key of keysOf(entry)) {
      if (key !== '') groups.set(key, [...(groups.get(key) ?? []), entry.facts]);
    }
  }
  for (const [key, facts] of groups) index.set(key, new Workload(facts.reduce(inCommon)));
}

/** What two workloads agree on. */
function inCommon(a: WorkloadFacts, b: WorkloadFacts): WorkloadFacts {
  const fields = ['namespace', 'serviceAccount', 'name', 'workloadName', 'ip', 'owner'] as const;
  const equal = fields.filter((field) => a[field] !== undefined && a[field] === b[field]);
  const labels = [...(a.labels ?? [])].filter(([key, value]) => b.labels?.get(key) === value);
  return { ...Object.fromEntries(equal.map((field) => [field, a[field]])), labels: new Map(labels) };
}

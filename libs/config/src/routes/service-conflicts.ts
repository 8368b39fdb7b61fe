import type { ServiceEntry } from '../kinds/networking.js';
import type { Path } from '../problem.js';
import type { Resource } from '../resource.js';
import type { Finding } from './conflicts.js';
import { byAge } from './age.js';

type Entry = Resource<ServiceEntry>;

/** What of a service can be only one way: of the entries of one namespace the oldest decides. */
const ONCE = ['addresses', 'location', 'resolution', 'exportTo'] as const;

/**
 * What ServiceEntries for one host say in vain: those of one namespace are one service together, and of the services
 * of several namespaces a client sees that of its own, else the oldest.
 */
export function serviceConflicts(resources: Iterable<Resource>): Finding[] {
  const entries = [...resources].filter(({ kind }) => kind === 'ServiceEntry') as Entry[];
  const byHost = new Map<string, Entry[]>();
  for (const entry of entries.sort(byAge)) {
    for (const host of entry.spec.hosts) byHost.set(host, [...(byHost.get(host) ?? []), entry]);
  }
  return [...byHost].flatMap(([host, group]) =>
    group.flatMap((entry, n) => inVain(host, entry, group.slice(0, n))),
  );
}

function inVain(host: string, entry: Entry, older: readonly Entry[]): Finding[] {
  const [first] = older.filter(({ namespace }) => namespace === entry.namespace);
  if (first) return [...contradictions(host, entry, first), ...portConflicts(host, entry, older)];
  const [elsewhere] = older.filter((other) => isExported(other) && isExported(entry));
  if (!elsewhere) return [];
  const path = ['spec', 'hosts', entry.spec.hosts.indexOf(host)];
  const message = `host ${host} is that of ServiceEntry ${nameOf(elsewhere)} too, which other namespaces see`;
  return [{ code: 'serviceConflict', message, resource: entry.key, path }];
}

/** What is not stated is not in contradiction: with the host, an entry may only add ports and endpoints. */
function contradictions(host: string, { key, spec }: Entry, first: Entry): Finding[] {
  return ONCE.filter(
    (field) => spec[field] !== undefined && JSON.stringify(spec[field]) !== JSON.stringify(first.spec[field]),
  ).map((field) => finding(key, ['spec', field], `${field} of host ${host}`, first));
}

function portConflicts(host: string, { key, namespace, spec }: Entry, older: readonly Entry[]): Finding[] {
  return (spec.ports ?? []).flatMap(({ number, name, protocol }, index) => {
    const first = older.find(
      (other) =>
        other.namespace === namespace &&
        other.spec.ports?.some((port) => port.number === number && differs(port, { name, protocol })),
    );
    return first ? [finding(key, ['spec', 'ports', index], `port ${number} of host ${host}`, first)] : [];
  });
}

interface Named {
  readonly name?: string | undefined;
  readonly protocol?: string | undefined;
}

function differs(a: Named, b: Named): boolean {
  return a.name !== b.name || a.protocol?.toUpperCase() !== b.protocol?.toUpperCase();
}

function isExported({ spec }: Entry): boolean {
  return !spec.exportTo?.length || spec.exportTo.includes('*');
}

function finding(resource: Finding['resource'], path: Path, what: string, older: Entry): Finding {
  const message = `${what} is that of ServiceEntry ${nameOf(older)} already, which stays`;
  return { code: 'serviceConflict', message, resource, path };
}

function nameOf({ namespace, name }: Entry): string {
  return `${namespace}/${name}`;
}

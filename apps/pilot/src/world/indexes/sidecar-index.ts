import type { Sidecar } from '#config';
import type { Config } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import { isWildcard, wildcardsOver } from '../../model/host.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';
import { NamespaceIndex } from './namespace-index.js';

/** Sidecars by namespace. */
export class SidecarIndex implements Index<Sidecar> {
  private constructor(private readonly configs: NamespaceIndex<Sidecar>) {}

  static readonly empty = new SidecarIndex(NamespaceIndex.empty<Sidecar>(fact.sidecars, fact.anySidecars));

  get isEmpty(): boolean {
    return this.configs.isEmpty;
  }

  /** Older first. */
  in(namespace: string): Config<Sidecar>[] {
    return this.configs.in(namespace);
  }

  apply(edits: readonly Edit<Sidecar>[], touched: Set<Fact>): SidecarIndex {
    if (edits.length === 0) return this;
    for (const { before, after } of edits) touch(before, after, touched);
    return new SidecarIndex(this.configs.apply(edits, touched));
  }
}

/** Most edits add or take away a host: that concerns nobody but who asks for this host, or for a wildcard over it. */
function touch(
  before: Config<Sidecar> | undefined,
  after: Config<Sidecar> | undefined,
  touched: Set<Fact>,
): void {
  const { namespace = '' } = after ?? before ?? {};
  if (!before || !after || frame(before) !== frame(after)) touched.add(fact.sidecarFrames(namespace));
  for (const host of narrowDifference(before, after))
    for (const pattern of [host, ...wildcardsOver(host)]) touched.add(fact.imports(namespace, pattern));
}

/** All but which single hosts are imported: their namespaces stay, for these are looked through for wildcards. */
function frame({ spec, resource }: Config<Sidecar>): string {
  const egress = spec.egress?.map((listener) => ({
    ...listener,
    hosts: listener.hosts.filter((entry) => isWildcard(hostOf(entry))),
  }));
  const namespaces = new Set(spec.egress?.flatMap(({ hosts }) => hosts.map(namespaceOf)));
  return JSON.stringify([resource.creationTimestamp, { ...spec, egress }, [...namespaces].sort()]);
}

/** The single hosts of which the two do not say the same. */
function narrowDifference(before: Config<Sidecar> | undefined, after: typeof before): string[] {
  const [had, has] = [narrowEntries(before), narrowEntries(after)];
  const differing = [...had, ...has].filter(([entry]) => !had.has(entry) || !has.has(entry));
  return differing.map(([, host]) => host);
}

/** The host of each entry, by the entry and its listener. */
function narrowEntries(config: Config<Sidecar> | undefined): Map<string, string> {
  const entries = config?.spec.egress?.flatMap(({ hosts }, listener) =>
    hosts.map((entry) => [`${listener} ${entry}`, hostOf(entry)] as const),
  );
  return new Map(entries?.filter(([, host]) => !isWildcard(host)));
}

/** Of `namespace/host`. */
function hostOf(entry: string): string {
  return entry.slice(entry.indexOf('/') + 1);
}

function namespaceOf(entry: string): string {
  return entry.slice(0, Math.max(0, entry.indexOf('/')));
}

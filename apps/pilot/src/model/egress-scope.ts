import type { Sidecar } from '#config';
import type { Config } from './config.js';
import { intersectHosts, isCoveredBy, isWildcard } from './host.js';

type Egress = NonNullable<Sidecar['egress']>[number];

/** One `namespace/dnsName` of a Sidecar's egress, the namespace resolved; `*` is every namespace. */
interface Import {
  readonly namespace: string;
  readonly host: string;
}

/** How far one has to look for what a scope imports: over everything, or at these namespaces and these hosts alone. */
export interface Extent {
  readonly everything: boolean;
  readonly namespaces: readonly string[];
  readonly hosts: readonly string[];
}

/** What of the mesh a proxy is told about. */
export class EgressScope {
  static readonly everything = new EgressScope([{ namespace: '*', host: '*' }]);

  static readonly nothing = new EgressScope([]);

  readonly isEverything: boolean;

  constructor(private readonly list: readonly Import[]) {
    this.isEverything = list.some(({ namespace, host }) => namespace === '*' && host === '*');
  }

  /** Equal texts, equal scopes. */
  get id(): string {
    return this.list.map(({ namespace, host }) => `${namespace}/${host}`).join(' ');
  }

  /** Whether a service is imported. */
  imports(namespace: string, host: string): boolean {
    return this.isEverything || this.of(namespace).some((each) => isCoveredBy(host, each.host));
  }

  /** Whether a VirtualService is imported by this host of it: a name in common is enough. */
  meets(namespace: string, host: string): boolean {
    return (
      this.isEverything || this.of(namespace).some((each) => intersectHosts(host, each.host) !== undefined)
    );
  }

  get extent(): Extent {
    const wide = this.list.filter(({ host }) => isWildcard(host));
    const narrow = this.list.filter(({ host }) => !isWildcard(host));
    return {
      everything: wide.some(({ namespace }) => namespace === '*'),
      namespaces: [...new Set(wide.map(({ namespace }) => namespace))],
      hosts: [...new Set(narrow.map(({ host }) => host))],
    };
  }

  /** The namespaces that VirtualServices and their wildcards may come from. */
  get namespaces(): readonly string[] {
    return [...new Set(this.list.map(({ namespace }) => namespace))];
  }

  private of(namespace: string): readonly Import[] {
    return this.list.filter((each) => each.namespace === '*' || each.namespace === namespace);
  }
}

/**
 * What these listeners of a Sidecar import, seen from a proxy's namespace. No listeners at all leave everything
 * imported, as in Istio.
 */
export function scopeOf(listeners: readonly Egress[] | undefined, namespace: string): EgressScope {
  if (!listeners?.length) return EgressScope.everything;
  return new EgressScope(
    listeners.flatMap(({ hosts }) => hosts.flatMap((host) => importOf(host, namespace))),
  );
}

function importOf(entry: string, own: string): Import[] {
  const [scope = '', host = ''] = entry.includes('/') ? entry.split('/', 2) : ['*', entry];
  return scope === '~' ? [] : [{ namespace: scope === '.' ? own : scope, host }];
}

const wholes = new WeakMap<Config<Sidecar>, Map<string, EgressScope>>();

/** What all listeners of a Sidecar import together; compiled once for each namespace that it is read from. */
export function wholeScope(sidecar: Config<Sidecar> | undefined, namespace: string): EgressScope {
  if (!sidecar) return EgressScope.everything;
  let known = wholes.get(sidecar);
  if (!known) wholes.set(sidecar, (known = new Map<string, EgressScope>()));
  let scope = known.get(namespace);
  if (!scope) known.set(namespace, (scope = scopeOf(sidecar.spec.egress, namespace)));
  return scope;
}

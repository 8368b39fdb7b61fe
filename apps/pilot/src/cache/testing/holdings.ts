import { generators } from '../../generate/generators.js';
import type { TypeUrl } from '../../model/contract.js';
import type { ResourceCache } from '../resource-cache.js';
import type { ProxyClass, Touched } from '../scope.js';

const TYPES: readonly TypeUrl[] = generators.map(({ type }) => type);

/** `<type> <name>` to version, for all that a proxy may have. */
export type Held = Map<string, string>;

export function holdings(cache: ResourceCache, proxyClass: ProxyClass): Held {
  const held: Held = new Map();
  for (const type of TYPES) {
    for (const name of cache.names(type, proxyClass)) {
      const resource = cache.resource(type, proxyClass, name);
      if (resource) held.set(`${type} ${name}`, `${resource.version} ${resource.sources.join()}`);
    }
  }
  return held;
}

/** Follows a change the way a push does: looks again at what was touched, and at nothing else. */
export function follow(cache: ResourceCache, proxyClass: ProxyClass, held: Held, touched: Touched): Held {
  const next = new Map(held);
  const everything = [...touched.everything].map((type): [TypeUrl, Set<string>] => {
    const before = [...held.keys()].filter((key) => key.startsWith(`${type} `));
    const names = before.map((key) => key.slice(type.length + 1));
    return [type, new Set([...names, ...cache.names(type, proxyClass)])];
  });
  for (const [type, names] of [...everything, ...touched.resources]) {
    for (const name of names) {
      const wanted = cache.membership(type as TypeUrl, proxyClass)(name);
      const resource = wanted ? cache.resource(type as TypeUrl, proxyClass, name) : undefined;
      if (resource) next.set(`${type} ${name}`, `${resource.version} ${resource.sources.join()}`);
      else next.delete(`${type} ${name}`);
    }
  }
  return next;
}

export const versions = (held: Held): [string, string][] =>
  [...held].map(([key, value]): [string, string] => [key, value.split(' ')[0]!]).sort();

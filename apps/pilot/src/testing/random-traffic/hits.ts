import type { Resource } from '#config';
import { fieldsIn, findKind } from '#config';
import type { Kind } from '#config';
import type { Expected } from '../oracle/expected.js';
import type { Scenario } from './scenario.js';

export interface Tried {
  /** By `kind field`: how many requests were decided by config with the field. */
  readonly hits: ReadonlyMap<string, number>;
  /** Requests that no route with a condition took. */
  readonly unspecific: number;
}

/** What the requests of a scenario have tried, of all that its config says. */
export function tried({ requests, promised, resources }: Scenario): Tried {
  const hits = new Map(resources.flatMap(fieldsOf).map((field) => [field, 0]));
  let unspecific = 0;
  for (const request of requests) {
    const decided = promised(request);
    if (!decided.specific) unspecific += 1;
    for (const field of fieldsOfAll(decided)) hits.set(field, (hits.get(field) ?? 0) + 1);
  }
  return { hits, unspecific };
}

/** The fields of config that decided a request. */
export function fieldsOfAll({ used }: Pick<Expected, 'used'>): Set<string> {
  return new Set(used.flatMap(({ kind, part }) => fieldsOf({ kind, spec: part })));
}

function fieldsOf({ kind, spec }: Pick<Resource, 'kind' | 'spec'>): string[] {
  if (!['VirtualService', 'DestinationRule', 'Gateway'].includes(kind)) return [];
  return [...fieldsIn(findKind('networking.istio.io', kind) as Kind, spec)].map((path) => `${kind} ${path}`);
}

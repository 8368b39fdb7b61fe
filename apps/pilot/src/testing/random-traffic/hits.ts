import type { Scenario } from './scenario.js';
import { fieldsOf, fieldsOfAll } from './used-fields.js';

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

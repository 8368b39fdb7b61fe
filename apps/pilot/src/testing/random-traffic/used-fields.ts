import type { Kind, Resource } from '#config';
import { fieldsIn, findKind } from '#config';
import type { Expected } from '../oracle/expected.js';

/** The fields of config that decided a request. */
export function fieldsOfAll({ used }: Pick<Expected, 'used'>): Set<string> {
  return new Set(used.flatMap(({ kind, part }) => fieldsOf({ kind, spec: part })));
}

export function fieldsOf({ kind, spec }: Pick<Resource, 'kind' | 'spec'>): string[] {
  if (!['VirtualService', 'DestinationRule', 'Gateway'].includes(kind)) return [];
  return [...fieldsIn(findKind('networking.istio.io', kind) as Kind, spec)].map((path) => `${kind} ${path}`);
}

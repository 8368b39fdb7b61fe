import type { Patch } from '../../model/patch.js';
import { nameIn } from '../../model/patch.js';
import { editList } from './list.js';
import type { Fields } from './message.js';
import { listOf, textOf, valueOf } from './message.js';
import { configType, endOf, isNamed, mergeFilters } from './filters.js';

/** Names of the filters that patches add, by the class that they are added as. */
export type FilterClasses = ReadonlyMap<string, string>;

export function classesOf(patches: readonly Patch[]): FilterClasses {
  return new Map(
    patches.flatMap((patch): [string, string][] => {
      const { filterClass } = patch.spec.patch ?? {};
      return filterClass ? [[nameIn(patch), filterClass]] : [];
    }),
  );
}

/** Changes the HTTP filters of a connection manager; true where the patch did. */
export function patchHttpFilters(manager: Fields, patch: Patch, classes: FilterClasses): boolean {
  const name = patch.spec.match?.listener?.filterChain?.filter?.subFilter?.name;
  const matches = (filter: Fields): boolean => !name || isNamed(filter, name);
  const filters = listOf(manager, 'http_filters');
  if (mergeFilters(filters, patch, matches)) return true;
  const edited = editList(
    filters,
    patch,
    { asks: Boolean(name), matches },
    positionOf(filters, patch, classes),
  );
  if (edited) manager['http_filters'] = edited;
  return edited !== undefined;
}

const HTTP = 'envoy.extensions.filters.http';
const CLASS_OF_TYPE: FilterClasses = new Map([
  [`${HTTP}.jwt_authn.v3.JwtAuthentication`, 'AUTHN'],
  [`${HTTP}.ext_authz.v3.ExtAuthz`, 'AUTHZ'],
  [`${HTTP}.rbac.v3.RBAC`, 'AUTHZ'],
  [`${HTTP}.grpc_stats.v3.FilterConfig`, 'STATS'],
]);

/** Where ADD puts a filter, by its class: behind those who say who asks, behind those who say who may, or in front of what is counted. */
function positionOf(filters: readonly Fields[], patch: Patch, classes: FilterClasses): number {
  const held = filters.map((filter) => {
    return classes.get(textOf(filter, 'name')) ?? CLASS_OF_TYPE.get(configType(filter)) ?? '';
  });
  const end = endOf(filters, valueOf(patch));
  switch (patch.spec.patch?.filterClass) {
    case 'AUTHN':
      return held.lastIndexOf('AUTHN') + 1;
    case 'AUTHZ':
      return Math.max(held.lastIndexOf('AUTHN'), held.lastIndexOf('AUTHZ')) + 1;
    case 'STATS': {
      const counted = filters.findIndex((filter) => CLASS_OF_TYPE.get(configType(filter)) === 'STATS');
      return counted < 0 ? end : counted;
    }
    default:
      return end;
  }
}

import type { JsonRecord } from './dump.js';

/** What a person asked to see of a type; absent members select everything. */
export interface Filter {
  readonly name?: string | undefined;
  readonly port?: string | undefined;
  readonly fqdn?: string | undefined;
  readonly subset?: string | undefined;
  readonly direction?: string | undefined;
  readonly address?: string | undefined;
}

/** A table for people and the same resources for programs. */
export interface Listing {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly items: readonly JsonRecord[];
}

export interface Filterable {
  readonly name?: string;
  readonly port?: string;
  readonly host?: string;
  readonly subset?: string;
  readonly direction?: string;
  readonly address?: string;
}

export function matchesFilter(filter: Filter, item: Filterable): boolean {
  const same = (wanted: string | undefined, value: string | undefined): boolean =>
    wanted === undefined || wanted === value;
  return (
    same(filter.name, item.name) &&
    same(filter.port, item.port) &&
    same(filter.subset, item.subset) &&
    same(filter.direction, item.direction) &&
    same(filter.address, item.address) &&
    (filter.fqdn === undefined || (item.host ?? '').includes(filter.fqdn))
  );
}

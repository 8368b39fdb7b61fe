import { Params } from '../params.js';
import type { Validated } from '../adapter.js';
import { buildList } from './list.js';
import type { EntryType } from './list.js';

export interface ListCheckerParams {
  /** Where the list is fetched from, one entry a line; '' for none. */
  readonly providerUrl: string;
  /** Milliseconds, like all below. */
  readonly refreshInterval: number;
  /** How long a list is used that could not be fetched again. */
  readonly ttl: number;
  readonly cachingInterval: number;
  readonly cachingUseCount: number;
  /** Entries that are always on the list. */
  readonly overrides: readonly string[];
  readonly entryType: EntryType;
  /** True: being on the list is what is refused. */
  readonly blacklist: boolean;
}

const TYPES: readonly EntryType[] = ['STRINGS', 'CASE_INSENSITIVE_STRINGS', 'IP_ADDRESSES', 'REGEX'];

export function listCheckerParams(value: unknown): Validated<ListCheckerParams> {
  const params = new Params(value);
  const read: ListCheckerParams = {
    providerUrl: params.text('providerUrl'),
    refreshInterval: params.duration('refreshInterval', 60_000),
    ttl: params.duration('ttl', 300_000),
    cachingInterval: params.duration('cachingInterval', 300_000),
    cachingUseCount: params.integer('cachingUseCount', 10_000),
    overrides: params.texts('overrides'),
    entryType: params.oneOf('entryType', 'STRINGS', TYPES),
    blacklist: params.flag('blacklist', false),
  };
  if (read.providerUrl !== '' && !/^https?:\/\//.test(read.providerUrl)) {
    params.problem('providerUrl', 'expected an http or https URL');
  }
  if (read.refreshInterval < 1_000) params.problem('refreshInterval', 'must be at least 1s');
  if (read.ttl < read.refreshInterval) params.problem('ttl', 'must not be less than refreshInterval');
  const list = buildList(read.entryType, read.overrides);
  if (typeof list === 'string') params.problem('overrides', list);
  params.finish();
  return { params: read, problems: params.problems };
}

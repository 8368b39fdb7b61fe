import { mergeAny, typeNameOf } from '#common/proto/json';
import { currentFilterName } from '#config';
import type { Patch } from '../../model/patch.js';
import type { Fields } from './message.js';
import { anyOf, isMerge, listMerge, textOf, valueOf } from './message.js';

/** Whether a filter is the one that a match names, by today's name or the one that it had in API v2. */
export function isNamed(filter: Fields, name: string): boolean {
  const own = textOf(filter, 'name');
  return own === name || own === currentFilterName(name);
}

export function configType(filter: Fields): string {
  return typeNameOf(anyOf(filter, 'typed_config')?.type_url ?? '');
}

/**
 * Merges into the filters that match and are of the type of the patch's value: without a name to look for, these are
 * all of this type. True where there was one.
 */
export function mergeFilters(
  filters: readonly Fields[],
  patch: Patch,
  matches: (filter: Fields) => boolean,
): boolean {
  if (!isMerge(patch)) return false;
  return filters.filter((filter) => matches(filter) && mergeFilter(filter, patch)).length > 0;
}

function mergeFilter(filter: Fields, patch: Patch): boolean {
  const value = valueOf(patch);
  const [held, given] = [anyOf(filter, 'typed_config'), anyOf(value, 'typed_config')];
  if (!held) return false;
  const merged = given && mergeAny(held, given, listMerge(patch));
  if (given && !merged) return false;
  const { typed_config: _, ...members } = value;
  for (const [name, member] of Object.entries(members)) {
    if (!Array.isArray(member)) filter[name] = member;
  }
  if (merged) filter['typed_config'] = merged;
  return true;
}

/**
 * Where a filter that is added goes: at the end, yet before a filter that has to be the last, and nothing may follow.
 * A filter that has to be the last itself is added at the very end.
 */
export function endOf(filters: readonly Fields[], added: Fields): number {
  const last = filters.at(-1);
  return last && isTerminal(last) && !isTerminal(added) ? filters.length - 1 : filters.length;
}

function isTerminal(filter: Fields): boolean {
  return TERMINAL.has(configType(filter));
}

const NETWORK = 'envoy.extensions.filters.network';

/** @see https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/listeners/network_filters */
const TERMINAL: ReadonlySet<string> = new Set([
  'envoy.extensions.filters.http.router.v3.Router',
  `${NETWORK}.http_connection_manager.v3.HttpConnectionManager`,
  `${NETWORK}.tcp_proxy.v3.TcpProxy`,
  `${NETWORK}.redis_proxy.v3.RedisProxy`,
  `${NETWORK}.thrift_proxy.v3.ThriftProxy`,
  `${NETWORK}.dubbo_proxy.v3.DubboProxy`,
  `${NETWORK}.generic_proxy.v3.GenericProxy`,
  `${NETWORK}.echo.v3.Echo`,
  `${NETWORK}.direct_response.v3.Config`,
]);

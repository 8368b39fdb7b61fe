import { decodeFields, encodeFields } from '#common/proto/json';
import type { PatchTarget } from '#config';
import type { Patch } from '../../model/patch.js';
import { configType, endOf, isNamed, mergeFilters } from './filters.js';
import type { FilterClasses } from './http-filters.js';
import { classesOf, patchHttpFilters } from './http-filters.js';
import { editList } from './list.js';
import type { PatchedListener } from './listener-match.js';
import { chainMatches, listenerMatches } from './listener-match.js';
import type { Fields } from './message.js';
import { anyOf, isMerge, listOf, mergeValue, messageOf, valueOf } from './message.js';
import { patchRouteConfiguration } from './route-configuration.js';

const MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** From the whole to its parts: what a patch adds to the whole, one for its parts finds. */
const ORDER: readonly PatchTarget[] = [
  'LISTENER',
  'LISTENER_FILTER',
  'FILTER_CHAIN',
  'NETWORK_FILTER',
  'HTTP_FILTER',
  'ROUTE_CONFIGURATION',
  'VIRTUAL_HOST',
  'HTTP_ROUTE',
];

/**
 * Changes a listener in place. Returns the patches that did, or `removed` where one takes the listener away.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/envoy-filter/
 */
export function patchListener(listener: PatchedListener, patches: readonly Patch[]): Patch[] | 'removed' {
  const applied: Patch[] = [];
  const classes = classesOf(patches);
  for (const target of ORDER) {
    for (const patch of patches.filter(({ spec }) => spec.applyTo === target)) {
      if (!listenerMatches(patch, listener)) continue;
      if (target === 'LISTENER' && patch.operation === 'REMOVE') return 'removed';
      if (applyToListener(patch, listener, classes)) applied.push(patch);
    }
  }
  return applied;
}

function applyToListener(patch: Patch, listener: PatchedListener, classes: FilterClasses): boolean {
  switch (patch.spec.applyTo) {
    case 'LISTENER':
      if (isMerge(patch)) mergeValue(patch, listener.message);
      return isMerge(patch);
    case 'LISTENER_FILTER':
      return patchListenerFilters(listener.message, patch);
    case 'FILTER_CHAIN':
      return patchChains(listener, patch);
    default:
      return patchEachChain(listener, patch, classes);
  }
}

function patchListenerFilters(listener: Fields, patch: Patch): boolean {
  const name = patch.spec.match?.listener?.listenerFilter;
  const matches = (filter: Fields): boolean => !name || isNamed(filter, name);
  const filters = listOf(listener, 'listener_filters');
  if (mergeFilters(filters, patch, matches)) return true;
  const edited = editList(filters, patch, { asks: Boolean(name), matches });
  if (edited) listener['listener_filters'] = edited;
  return edited !== undefined;
}

function chainsOf(listener: Fields): Fields[] {
  const fallback = messageOf(listener, 'default_filter_chain');
  return [...listOf(listener, 'filter_chains'), ...(fallback ? [fallback] : [])];
}

function patchChains(listener: PatchedListener, patch: Patch): boolean {
  const { message } = listener;
  if (patch.operation === 'ADD') {
    message['filter_chains'] = [...listOf(message, 'filter_chains'), valueOf(patch)];
    return true;
  }
  const found = chainsOf(message).filter((chain) => chainMatches(patch, chain, listener));
  if (patch.operation === 'REMOVE') {
    message['filter_chains'] = listOf(message, 'filter_chains').filter((chain) => !found.includes(chain));
    const fallback = messageOf(message, 'default_filter_chain');
    if (fallback && found.includes(fallback)) delete message['default_filter_chain'];
  } else if (isMerge(patch)) for (const chain of found) mergeValue(patch, chain);
  else return false;
  return found.length > 0;
}

function patchEachChain(listener: PatchedListener, patch: Patch, classes: FilterClasses): boolean {
  const chains = chainsOf(listener.message).filter((chain) => chainMatches(patch, chain, listener));
  const change = patch.spec.applyTo === 'NETWORK_FILTER' ? patchNetworkFilters : patchManagers;
  return chains.filter((chain) => change(chain, patch, classes)).length > 0;
}

function patchNetworkFilters(chain: Fields, patch: Patch): boolean {
  const name = patch.spec.match?.listener?.filterChain?.filter?.name;
  const matches = (filter: Fields): boolean => !name || isNamed(filter, name);
  const filters = listOf(chain, 'filters');
  if (mergeFilters(filters, patch, matches)) return true;
  const end = endOf(filters, valueOf(patch));
  const edited = editList(filters, patch, { asks: Boolean(name), matches }, end);
  if (edited) chain['filters'] = edited;
  return edited !== undefined;
}

/** Opens the HTTP connection managers of a chain, and closes those that the patch changed. */
function patchManagers(chain: Fields, patch: Patch, classes: FilterClasses): boolean {
  const name = patch.spec.match?.listener?.filterChain?.filter?.name;
  const managers = listOf(chain, 'filters').filter(
    (filter) => configType(filter) === MANAGER && (!name || isNamed(filter, name)),
  );
  return managers.filter((filter) => patchManager(filter, patch, classes)).length > 0;
}

function patchManager(filter: Fields, patch: Patch, classes: FilterClasses): boolean {
  const config = anyOf(filter, 'typed_config');
  if (!config) return false;
  const manager = decodeFields(MANAGER, config.value);
  const changed =
    patch.spec.applyTo === 'HTTP_FILTER'
      ? patchHttpFilters(manager, patch, classes)
      : patchInlineRoutes(manager, patch);
  if (changed) filter['typed_config'] = { ...config, value: encodeFields(MANAGER, manager) };
  return changed;
}

/** Routes to the application stand in the connection manager itself. */
function patchInlineRoutes(manager: Fields, patch: Patch): boolean {
  const message = messageOf(manager, 'route_config');
  if (!message) return false;
  return patchRouteConfiguration({ message, prefix: '', servers: [] }, [patch]).length > 0;
}

import type {
  EnvoyConfigPatch,
  EnvoyFilter,
  PatchMatch,
  PatchOperation,
  PatchTarget,
} from '../kinds/envoy-filter.js';
import type { Scope } from '../problem.js';
import { currentFilterName } from './envoy-filter-names.js';
import { encodePatchValue } from './envoy-filter-value.js';
import { checkLabels, checkRegex } from './text.js';

const IN_A_LIST: readonly PatchOperation[] = ['ADD', 'INSERT_BEFORE', 'INSERT_AFTER', 'INSERT_FIRST'];
const MERGES: readonly PatchOperation[] = ['MERGE', 'MERGE_AND_REPLACE_LIST'];
const FILTER: readonly PatchOperation[] = [...IN_A_LIST, ...MERGES, 'REMOVE', 'REPLACE'];
const NAMED: readonly PatchOperation[] = [...MERGES, 'ADD', 'REMOVE'];

/** The operations that do something. */
const OPERATIONS: Readonly<Record<PatchTarget, readonly PatchOperation[]>> = {
  LISTENER: NAMED,
  LISTENER_FILTER: FILTER,
  FILTER_CHAIN: NAMED,
  NETWORK_FILTER: FILTER,
  HTTP_FILTER: FILTER,
  ROUTE_CONFIGURATION: MERGES,
  VIRTUAL_HOST: [...NAMED, 'REPLACE'],
  HTTP_ROUTE: [...IN_A_LIST, ...MERGES, 'REMOVE'],
  CLUSTER: NAMED,
  EXTENSION_CONFIG: ['ADD'],
  BOOTSTRAP: MERGES,
};

/** Which of the matches a target is looked up by. */
const MATCHED_BY: Readonly<Record<PatchTarget, keyof PatchMatch | undefined>> = {
  LISTENER: 'listener',
  LISTENER_FILTER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
  CLUSTER: 'cluster',
  EXTENSION_CONFIG: undefined,
  BOOTSTRAP: undefined,
};

/** Without a name nobody could tell them apart. */
const ADDED_BY_NAME: ReadonlySet<PatchTarget> = new Set([
  'LISTENER',
  'VIRTUAL_HOST',
  'CLUSTER',
  'EXTENSION_CONFIG',
]);

/** @see https://istio.io/latest/docs/reference/config/networking/envoy-filter/ */
export function checkEnvoyFilter(spec: EnvoyFilter, scope: Scope): void {
  checkLabels(spec.workloadSelector?.labels, scope.at('workloadSelector', 'labels'));
  if (!spec.configPatches?.length)
    scope.warn('noEffect', 'an EnvoyFilter without configPatches does nothing');
  spec.configPatches?.forEach((patch, index) => checkPatch(patch, scope.at('configPatches', index)));
}

/** As with Istio, where an agent has to be told by BOOTSTRAP_XDS_AGENT. */
const ONLY_WHERE_ASKED_FOR =
  'has no effect but at the start of proxies whose agents ask for it (--bootstrap-xds, BOOTSTRAP_XDS_AGENT=true)';

function checkPatch({ applyTo, match, patch }: EnvoyConfigPatch, scope: Scope): void {
  if (!applyTo) return scope.error('a patch needs applyTo');
  if (!patch) return scope.error('a patch needs a member patch');
  if (applyTo === 'BOOTSTRAP') scope.at('applyTo').warn('noEffect', ONLY_WHERE_ASKED_FOR);
  checkMatch(applyTo, match, scope.at('match'));
  checkOperation(applyTo, patch, scope.at('patch'));
  if (patch.operation === 'REMOVE') {
    if (patch.value) scope.at('patch', 'value').warn('noEffect', 'REMOVE takes no value');
    return;
  }
  checkValue(applyTo, patch, scope.at('patch', 'value'));
}

function checkOperation(
  applyTo: PatchTarget,
  { operation, filterClass = 'UNSPECIFIED' }: NonNullable<EnvoyConfigPatch['patch']>,
  scope: Scope,
): void {
  if (!operation || operation === 'INVALID') return scope.at('operation').error('a patch needs an operation');
  if (!OPERATIONS[applyTo].includes(operation)) {
    scope.at('operation').warn('noEffect', `${operation} does nothing to ${applyTo}`);
  }
  if (filterClass !== 'UNSPECIFIED' && (applyTo !== 'HTTP_FILTER' || operation !== 'ADD')) {
    scope.at('filterClass').warn('noEffect', 'filterClass says where an HTTP_FILTER is added, nothing else');
  }
}

function checkValue(
  applyTo: PatchTarget,
  { operation = 'INVALID', value }: NonNullable<EnvoyConfigPatch['patch']>,
  scope: Scope,
): void {
  if (value === undefined) return scope.error(`${operation} needs a value`);
  const read = encodePatchValue(applyTo, value);
  if (!read.ok) return scope.at(...read.path).error(read.reason);
  const isName = typeof value['name'] === 'string' && value['name'] !== '';
  if (operation === 'ADD' && ADDED_BY_NAME.has(applyTo) && !isName) {
    scope.at('name').error(`a ${applyTo} that is added needs a name`);
  }
}

function checkMatch(applyTo: PatchTarget, match: PatchMatch | undefined, scope: Scope): void {
  if (!match) return;
  for (const sort of ['listener', 'routeConfiguration', 'cluster'] as const) {
    if (match[sort] && MATCHED_BY[applyTo] !== sort) {
      scope.at(sort).error(`${applyTo} is not looked up by ${sort}`);
    }
  }
  if (match.context === 'WAYPOINT') scope.at('context').warn('noEffect', 'there are no waypoints here');
  if (match.proxy?.proxyVersion) checkRegex(match.proxy.proxyVersion, scope.at('proxy', 'proxyVersion'));
  checkListenerMatch(match, scope.at('listener'));
}

function checkListenerMatch({ listener }: PatchMatch, scope: Scope): void {
  checkFilterName(listener?.listenerFilter, scope.at('listenerFilter'));
  const filter = listener?.filterChain?.filter;
  if (!filter) return;
  const at = scope.at('filterChain', 'filter');
  if (!filter.name) at.error('a filter is looked up by its name');
  checkFilterName(filter.name, at.at('name'));
  checkFilterName(filter.subFilter?.name, at.at('subFilter', 'name'));
}

function checkFilterName(name: string | undefined, scope: Scope): void {
  const current = name && currentFilterName(name);
  if (current && current !== name) {
    scope.warn('deprecated', `${name} is a name of Envoy's API v2: today it is ${current}`);
  }
}

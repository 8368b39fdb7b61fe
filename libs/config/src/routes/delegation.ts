import type { Destination, HTTPMatchRequest, HTTPRoute, VirtualService } from '../kinds/networking.js';
import { isContradiction } from './contradiction.js';
import { fullHostName, gatewayNames } from './names.js';

/** A VirtualService as far as delegation is concerned. */
export interface Delegate {
  readonly namespace: string;
  readonly spec: VirtualService;
}

export interface Delegation {
  /** What stands in the place of the route that delegates, every name in full. */
  readonly routes: readonly HTTPRoute[];
  /** Indexes of the delegate's routes that no request can reach by way of that route: they are left out. */
  readonly conflicts: readonly number[];
}

/** The namespace and name that a route delegates to. */
export function delegateOf(
  route: HTTPRoute,
  namespace: string,
): { namespace: string; name: string } | undefined {
  const { delegate } = route;
  return delegate?.name ? { namespace: delegate.namespace || namespace, name: delegate.name } : undefined;
}

/**
 * A route of namespace `namespace` that delegates, together with its delegate: each of the delegate's routes under the
 * conditions of both, with what it leaves out taken from the root.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate
 */
export function delegated(root: HTTPRoute, namespace: string, delegate: Delegate): Delegation {
  const { delegate: _delegate, ...shared } = inFull(root, namespace);
  const routes: HTTPRoute[] = [];
  const conflicts: number[] = [];
  (delegate.spec.http ?? []).forEach((written, index) => {
    const route = inFull(written, delegate.namespace);
    const match = mergedMatches(shared.match, route.match);
    if (match) routes.push(merged(shared, route, match));
    else conflicts.push(index);
  });
  return { routes, conflicts };
}

function merged(root: HTTPRoute, route: HTTPRoute, match: HTTPMatchRequest[]): HTTPRoute {
  const { match: _own, ...own } = route;
  const { match: _roots, name: _name, ...shared } = root;
  const name = [root.name, route.name].filter(Boolean).join('-');
  return { ...shared, ...own, ...(name && { name }), ...(match.length > 0 && { match }) };
}

/** Undefined where a match of the delegate contradicts all those of the root. */
function mergedMatches(
  roots: readonly HTTPMatchRequest[] = [],
  own: readonly HTTPMatchRequest[] = [],
): HTTPMatchRequest[] | undefined {
  if (roots.length === 0) return [...own];
  if (own.length === 0) return [...roots];
  const pairs = own.map((match) =>
    roots.filter((root) => !isContradiction(root, match)).map((root) => mergedMatch(root, match)),
  );
  return pairs.every(({ length }) => length > 0) ? pairs.flat() : undefined;
}

function mergedMatch(root: HTTPMatchRequest, own: HTTPMatchRequest): HTTPMatchRequest {
  const name = [root.name, own.name].filter(Boolean).join('-');
  return {
    ...root,
    ...own,
    ...(name && { name }),
    ...both('headers', root, own),
    ...both('withoutHeaders', root, own),
    ...both('queryParams', root, own),
    ...both('sourceLabels', root, own),
  };
}

function both<K extends 'headers' | 'withoutHeaders' | 'queryParams' | 'sourceLabels'>(
  field: K,
  root: HTTPMatchRequest,
  own: HTTPMatchRequest,
): HTTPMatchRequest {
  return root[field] || own[field] ? { [field]: { ...root[field], ...own[field] } } : {};
}

/** A route that reads the same wherever it stands. */
function inFull(route: HTTPRoute, namespace: string): HTTPRoute {
  const { match, route: targets, mirror, mirrors } = route;
  const named = <T extends { destination: Destination }>(target: T): T => ({
    ...target,
    destination: full(target.destination, namespace),
  });
  return {
    ...route,
    ...(match && { match: match.map((request) => matchInFull(request, namespace)) }),
    ...(targets && { route: targets.map(named) }),
    ...(mirror && { mirror: full(mirror, namespace) }),
    ...(mirrors && { mirrors: mirrors.map(named) }),
  };
}

function full(destination: Destination, namespace: string): Destination {
  return { ...destination, host: fullHostName(destination.host, namespace) };
}

function matchInFull(match: HTTPMatchRequest, namespace: string): HTTPMatchRequest {
  return match.gateways?.length ? { ...match, gateways: gatewayNames(match.gateways, namespace) } : match;
}

import type { HTTPMatchRequest, HTTPRoute, VirtualService } from '#config';
import { meets } from './conditions.js';
import type { Caller, TestRequest } from './expected.js';
import type { Mesh, Named } from './mesh.js';
import { isExported, longName, narrowness } from './mesh.js';

/** The route that takes a request, and the match that was met; without one where the route has no conditions. */
export interface Taken {
  readonly virtualService: Named<VirtualService>;
  readonly route: HTTPRoute;
  readonly match?: HTTPMatchRequest;
  /** The route of the VirtualService that delegates to where this one stands. */
  readonly through?: HTTPRoute;
}

/** The VirtualService that speaks for a host in the mesh: the one that names it most narrowly, then the oldest. */
export function virtualServiceOf(
  mesh: Mesh,
  caller: Caller,
  host: string,
): Named<VirtualService> | undefined {
  let best: { readonly fit: number; readonly config: Named<VirtualService> } | undefined;
  for (const config of mesh.virtualServices) {
    const { hosts = [], gateways = ['mesh'] } = config.spec;
    if (!gateways.includes('mesh') || !isExported(config, caller)) continue;
    for (const pattern of hosts) {
      const fit = narrowness(longName(pattern, config.namespace), host);
      if (fit !== undefined && fit > (best?.fit ?? 0)) best = { fit, config };
    }
  }
  return best?.config;
}

/** The first route, in the order in which they are written, of which a match is met. */
export function routeFor(
  mesh: Mesh,
  virtualService: Named<VirtualService>,
  request: TestRequest,
  caller: Caller,
): Taken | undefined {
  for (const { route, through } of routesOf(mesh, virtualService)) {
    const taken = { virtualService, route, ...(through && { through }) };
    if (!route.match?.length) return taken;
    const match = route.match.find((one) => meets(one, request, caller));
    if (match) return { ...taken, match };
  }
  return undefined;
}

/** A route as it stands in a VirtualService, or in the delegate of a route there. */
export interface Written {
  readonly route: HTTPRoute;
  readonly through?: HTTPRoute;
}

/** A route that delegates stands for the routes of its delegate, each under the conditions of both. */
export function routesOf(mesh: Mesh, { namespace, spec }: Named<VirtualService>): Written[] {
  return (spec.http ?? []).flatMap((through) => {
    if (!through.delegate) return [{ route: through }];
    const { name, namespace: of = namespace } = through.delegate;
    const delegate = mesh.virtualServices.find((one) => one.name === name && one.namespace === of);
    return (delegate?.spec.http ?? []).map((route) => {
      return { route: { ...route, match: both(through.match, route.match) }, through };
    });
  });
}

function both(
  outer: readonly HTTPMatchRequest[] = [{}],
  inner: readonly HTTPMatchRequest[] = [{}],
): HTTPMatchRequest[] {
  return outer.flatMap((one) =>
    inner.map((other) => ({ ...one, ...other, headers: { ...one.headers, ...other.headers } })),
  );
}

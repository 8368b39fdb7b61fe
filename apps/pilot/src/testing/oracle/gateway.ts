import type { Gateway, HTTPMatchRequest, Server, VirtualService } from '#config';
import { meets } from './conditions.js';
import type { Caller, Expected, TestRequest, Used } from './expected.js';
import type { Mesh, Named } from './mesh.js';
import { isExported, longName, narrowness } from './mesh.js';
import { byRoute } from './oracle.js';
import type { Taken, Written } from './routes.js';
import { routesOf } from './routes.js';

/**
 * What has to become of a request that comes in plain text to a gateway from outside, by Istio's documentation and
 * nothing else.
 *
 * @param caller the gateway itself
 * @see https://istio.io/latest/docs/reference/config/networking/gateway/
 */
export function expectedAtGateway(mesh: Mesh, caller: Caller, asked: TestRequest): Expected {
  // What a client says of its own connection counts for nothing at the edge.
  const { 'x-forwarded-proto': _, ...headers } = asked.headers;
  const request = { ...asked, headers };
  const name = (request.authority.split(':')[0] ?? '').toLowerCase();
  const all = servedBy(mesh, caller, request.port);
  const host = narrowest(all, name);
  const here = all.filter((each) => each.host === host);
  const used = usedOf(here);
  if (here.length === 0) return { specific: false, used, answer: { kind: 'none' } };
  if (here.some(({ server }) => server.tls?.httpsRedirect))
    return { specific: false, used, answer: toHttps(request) };
  const through = here.flatMap(({ gateway }) => [gateway.name, `${gateway.namespace}/${gateway.name}`]);
  const taken = takenBy(mesh, here, request, { ...caller, gateways: through });
  if (!taken) return { specific: false, used, answer: { kind: 'none' } };
  const made = byRoute(mesh, caller, taken, request);
  return { ...made, used: [...made.used, ...used] };
}

/** A host that a server has, and a VirtualService that says something of it. */
interface Served {
  readonly host: string;
  readonly gateway: Named<Gateway>;
  readonly server: Server;
  readonly virtualService?: Named<VirtualService>;
}

/** What servers and the VirtualServices that they admit have in common; servers that redirect need none of those. */
function servedBy(mesh: Mesh, caller: Caller, port: number): Served[] {
  return mesh.gateways.flatMap((gateway) =>
    gateway.spec.servers
      .filter((server) => server.port.number === port)
      .flatMap((server) => [
        ...(server.tls?.httpsRedirect
          ? server.hosts.map((entry) => ({ host: split(entry).host, gateway, server }))
          : []),
        ...mesh.virtualServices
          .filter((config) => isBound(config, gateway) && isExported(config, caller))
          .flatMap((virtualService) =>
            inCommon(gateway, server, virtualService).map((host) => {
              return { host, gateway, server, virtualService };
            }),
          ),
      ]),
  );
}

function isBound({ namespace, spec: { gateways = ['mesh'] } }: Named<VirtualService>, to: Named<Gateway>) {
  return gateways.some((name) => {
    return (
      name !== 'mesh' && (name.includes('/') ? name : `${namespace}/${name}`) === `${to.namespace}/${to.name}`
    );
  });
}

function inCommon(
  gateway: Named<Gateway>,
  server: Server,
  { namespace, spec }: Named<VirtualService>,
): string[] {
  const admitted = server.hosts.map(split).filter(({ scope }) => {
    return scope === '*' || scope === namespace || (scope === '.' && namespace === gateway.namespace);
  });
  return (spec.hosts ?? []).flatMap((short) => {
    const host = longName(short, namespace);
    return admitted.flatMap(({ host: of }) => {
      if (narrowness(of, host) !== undefined) return [host];
      return narrowness(host, of) === undefined ? [] : [of];
    });
  });
}

/** `namespace/host`; without a namespace anybody's. */
function split(entry: string): { readonly scope: string; readonly host: string } {
  const [first = '', second] = entry.split('/');
  return second === undefined ? { scope: '*', host: first } : { scope: first, host: second };
}

function narrowest(all: readonly Served[], name: string): string | undefined {
  const fitting = all.map(({ host }) => ({ host, fit: narrowness(host, name) ?? -1 }));
  return fitting.filter(({ fit }) => fit >= 0).sort((a, b) => b.fit - a.fit)[0]?.host;
}

function toHttps({ authority, path }: TestRequest): Expected['answer'] {
  return { kind: 'redirect', status: 301, location: `https://${authority}${path}`, headers: {} };
}

interface Step extends Written {
  readonly virtualService: Named<VirtualService>;
  readonly match?: HTTPMatchRequest;
}

/** Routes of the older VirtualService come first, but those that take everything last of all. */
function takenBy(
  mesh: Mesh,
  here: readonly Served[],
  request: TestRequest,
  caller: Caller,
): Taken | undefined {
  const ofHost = new Set(here.flatMap(({ virtualService }) => virtualService ?? []));
  const lists = mesh.virtualServices
    .filter((config) => ofHost.has(config))
    .map((config) => stepsOf(mesh, config, request, caller));
  const steps = lists.flat();
  const ordered = [...steps.filter((step) => !takesAll(step)), ...steps.filter(takesAll)];
  return ordered.find(({ match }) => match === undefined || meets(match, request, caller));
}

/** The routes of one VirtualService, each match for itself, up to the first that takes everything. */
function stepsOf(mesh: Mesh, config: Named<VirtualService>, request: TestRequest, caller: Caller): Step[] {
  const steps = routesOf(mesh, config).flatMap(({ route, through }): Step[] => {
    const step = { virtualService: config, route, ...(through && { through }) };
    if (!route.match?.length) return [step];
    const possible = route.match.filter((match) => meets(fixed(match), request, caller));
    return possible.map((match) => ({ ...step, match }));
  });
  const last = steps.findIndex(takesAll);
  return last < 0 ? steps : steps.slice(0, last + 1);
}

/** Conditions that do not depend on a request, but on where it comes in. */
function fixed({ port, gateways, sourceLabels, sourceNamespace }: HTTPMatchRequest): HTTPMatchRequest {
  return {
    ...(port !== undefined && { port }),
    ...(gateways && { gateways }),
    ...(sourceLabels && { sourceLabels }),
    ...(sourceNamespace && { sourceNamespace }),
  };
}

function takesAll({ match }: Step): boolean {
  if (!match) return true;
  const { uri, scheme, method, authority, headers = {}, withoutHeaders = {}, queryParams = {} } = match;
  const anyPath = !uri || ('prefix' in uri && uri.prefix === '/') || ('regex' in uri && uri.regex === '.*');
  const named = [headers, withoutHeaders, queryParams].some((each) => Object.keys(each).length > 0);
  return anyPath && !scheme && !method && !authority && !named;
}

function usedOf(here: readonly Served[]): Used[] {
  const parts = here.map(({ gateway, server }) => ({ ...gateway.spec, servers: [server] }));
  const distinct = new Map(parts.map((part) => [JSON.stringify(part), part]));
  return [...distinct.values()].map((part) => ({ kind: 'Gateway' as const, part }));
}

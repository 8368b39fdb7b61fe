import type {
  ConsistentHashLB,
  Destination,
  HTTPRoute,
  HTTPRouteDestination,
  HeaderOperations,
  ServiceEntry,
} from '#config';
import { cors, faulted, redirected, retried, rewritten } from './answers.js';
import { queryValue } from './conditions.js';
import { governed, inNumbers, selects } from './destination-policy.js';
import type {
  Caller,
  Expected,
  ExpectedDestination,
  ExpectedForward,
  Headers,
  TestRequest,
  Used,
} from './expected.js';
import type { Mesh } from './mesh.js';
import { longName, namesOf, narrowness, serviceOf } from './mesh.js';
import type { Taken } from './routes.js';
import { routeFor, virtualServiceOf } from './routes.js';

/** What a server of the tests answers with, before anything changes it. */
export const SERVER_HEADERS: Headers = { 'x-r-a': 'base', 'x-r-b': 'base', 'x-r-c': 'base', 'x-r-d': 'base' };

/**
 * What has to become of a request that an application sends through its sidecar in a mesh with REGISTRY_ONLY, by
 * Istio's documentation and nothing else: written to be read beside it, and without a line of the generators.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/virtual-service/
 */
export function expected(mesh: Mesh, caller: Caller, request: TestRequest): Expected {
  const host = hostOf(mesh, caller, request);
  if (host === undefined) return { specific: false, used: [], answer: { kind: 'blocked' } };
  const virtualService = virtualServiceOf(mesh, caller, host);
  if (!virtualService) return byDefault(mesh, caller, host, request);
  const taken = routeFor(mesh, virtualService, request, caller);
  if (!taken) return { specific: false, used: [], answer: { kind: 'none' } };
  return byRoute(mesh, caller, taken, request);
}

/** The service or the VirtualService's host that the authority names; the port is the connection's. */
function hostOf(mesh: Mesh, caller: Caller, { authority, port }: TestRequest): string | undefined {
  const name = (authority.split(':')[0] ?? '').toLowerCase();
  const served = mesh.services
    .filter(({ spec }) => spec.ports?.some(({ number }) => number === port))
    .flatMap(({ spec }) => spec.hosts);
  const known = mesh.services.flatMap(({ spec }) => spec.hosts);
  const alone = mesh.virtualServices
    .filter(({ spec: { gateways = ['mesh'] } }) => gateways.includes('mesh'))
    .flatMap(({ namespace, spec }) => (spec.hosts ?? []).map((host) => longName(host, namespace)))
    .filter((host) => !known.includes(host) && virtualServiceOf(mesh, caller, host));
  const candidates = [...served, ...(port === 80 ? alone : [])];
  const exact = candidates.find((host) => namesOf(host, caller).includes(name));
  if (exact) return exact;
  const wild = candidates.filter((host) => host.startsWith('*') && narrowness(host, name) !== undefined);
  return wild.sort((a, b) => b.length - a.length)[0];
}

function byDefault(mesh: Mesh, caller: Caller, host: string, request: TestRequest): Expected {
  const destination = { host, port: { number: request.port } };
  const { used, ...answer } = forward(
    mesh,
    caller,
    { namespace: '', route: { route: [{ destination }] } },
    request,
  );
  return { specific: false, used, answer };
}

/** What becomes of a request that a route takes. */
export function byRoute(mesh: Mesh, caller: Caller, taken: Taken, request: TestRequest): Expected {
  const { virtualService, route, match } = taken;
  const { http: _, ...rest } = virtualService.spec;
  const { match: __, ...action } = route;
  const part = { ...rest, http: [{ ...action, ...(match && { match: [match] }) }] };
  const own: Used = { kind: 'VirtualService', part };
  const root: Used[] = taken.through ? [{ kind: 'VirtualService', part: { http: [taken.through] } }] : [];
  const base = { specific: match !== undefined, used: [own, ...root] };
  const answered = { ...base, ...(route.fault && { fault: faulted(route.fault) }) };
  const headers = altered({}, route.headers?.response);
  const { preflight } = cors(route.corsPolicy, request);
  if (preflight) return { ...answered, answer: { kind: 'preflight', headers: preflight } };
  if (route.redirect) return { ...base, answer: { ...redirected(route.redirect, match, request), headers } };
  if (route.directResponse) {
    const { status, body } = route.directResponse;
    const text =
      body?.bytes === undefined ? (body?.string ?? '') : Buffer.from(body.bytes, 'base64').toString();
    return { ...base, answer: { kind: 'direct', status, body: text, headers } };
  }
  const scope = { namespace: virtualService.namespace, route, ...(match && { match }) };
  const { used, ...answer } = forward(mesh, caller, scope, request);
  return { ...answered, used: [...base.used, ...used], answer };
}

interface Scope {
  readonly namespace: string;
  readonly route: HTTPRoute;
  readonly match?: Taken['match'];
}

function forward(
  mesh: Mesh,
  caller: Caller,
  scope: Scope,
  request: TestRequest,
): ExpectedForward & { used: readonly Used[] } {
  const { namespace, route, match } = scope;
  const all = route.route ?? [];
  const targets = all.length > 1 ? all.filter(({ weight = 0 }) => weight > 0) : all;
  const resolved = targets.map((target) =>
    resolve(mesh, caller, target.destination, namespace, request.port),
  );
  const hash = hashes(resolved, request);
  const retry = retried(route.retries, all.length === 1 && hash.length > 0);
  return {
    kind: 'forward',
    destinations: targets.map((target, index) => {
      return destinationOf(resolved[index] as Resolved, target, all.length, route, request);
    }),
    path: rewritten(route, match, request.path),
    timeoutMs: route.timeout === undefined ? 0 : Number(route.timeout.slice(0, -1)) * 1000,
    ...(retry && { retry }),
    mirrors: mirrorsOf(route).map(({ destination, percent }) => {
      const { shown, endpoints } = resolve(mesh, caller, destination, namespace, request.port);
      return { destination: shown, percent, endpoints };
    }),
    hash,
    cors: cors(route.corsPolicy, request).answer,
    used: resolved.flatMap(({ rule }) => rule.used),
  };
}

interface Resolved {
  readonly shown: string;
  readonly rule: ReturnType<typeof governed>;
  readonly endpoints: readonly string[] | undefined;
}

/** Without a port: the only one that the service has, else the one that the request came to. */
function resolve(
  mesh: Mesh,
  caller: Caller,
  to: Destination,
  namespace: string,
  requestPort: number,
): Resolved {
  const host = longName(to.host, namespace);
  const service = serviceOf(mesh, host);
  const [only] = service?.ports?.length === 1 ? service.ports : [];
  const port = to.port?.number ?? only?.number ?? requestPort;
  const subset = to.subset ?? '';
  const rule = governed(mesh, caller, host, port, subset);
  const shown = `${host}:${port}${subset && `/${subset}`}`;
  const has = service?.ports?.some(({ number }) => number === port) && rule.exists;
  return {
    shown,
    rule,
    endpoints: has ? endpointsOf(service as ServiceEntry, port, rule.labels) : undefined,
  };
}

function endpointsOf(
  { ports = [], endpoints = [] }: ServiceEntry,
  number: number,
  labels: Headers,
): string[] {
  const name = ports.find((port) => port.number === number)?.name ?? '';
  return endpoints
    .filter((endpoint) => selects(labels, endpoint.labels ?? {}))
    .map(({ address, ports: own = {} }) => `${address}:${own[name] ?? number}`)
    .sort();
}

function destinationOf(
  { shown, rule, endpoints }: Resolved,
  target: HTTPRouteDestination,
  siblings: number,
  route: HTTPRoute,
  request: TestRequest,
): ExpectedDestination {
  const own = target.headers;
  const authority = route.rewrite?.authority ?? named(route.headers?.request) ?? named(own?.request);
  return {
    destination: shown,
    weight: siblings === 1 ? 1 : (target.weight ?? 0),
    authority: authority ?? request.authority,
    endpoints,
    request: altered(altered(without(request.headers, [PROTO]), own?.request), route.headers?.request),
    response: altered(altered(SERVER_HEADERS, own?.response), route.headers?.response),
    policy: endpoints && inNumbers(rule.policy),
  };
}

/** The authority is changed like a header, under either of its names. */
function named({ set = {}, add = {} }: HeaderOperations = {}): string | undefined {
  return [...Object.entries(set), ...Object.entries(add)].find(([name]) => AUTHORITY.includes(name))?.[1];
}

/** Removed, then set, then added. The authority is no header like the others. */
function altered(headers: Headers, { remove = [], set = {}, add = {} }: HeaderOperations = {}): Headers {
  const kept = Object.entries({ ...without(headers, remove), ...set }).filter(
    ([name]) => !AUTHORITY.includes(name),
  );
  const out: Record<string, string> = Object.fromEntries(kept);
  for (const [name, value] of Object.entries(add)) {
    if (!AUTHORITY.includes(name)) out[name] = out[name] === undefined ? value : `${out[name]},${value}`;
  }
  return out;
}

/** Each proxy writes it anew. */
export const PROTO = 'x-forwarded-proto';

const AUTHORITY: readonly string[] = [':authority', 'host'];

function without(headers: Headers, names: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function mirrorsOf(route: HTTPRoute): { readonly destination: Destination; readonly percent: number }[] {
  const { mirror, mirrorPercentage, mirrorPercent, mirrors = [] } = route;
  const single = mirror && [
    { destination: mirror, percent: mirrorPercentage?.value ?? mirrorPercent ?? 100 },
  ];
  const several = mirrors.map(({ destination, percentage }) => ({
    destination,
    percent: percentage?.value ?? 100,
  }));
  return [...(single ?? []), ...several].filter(({ percent }) => percent > 0);
}

/** All that the destinations ask for, what they have in common once; how they divide is each cluster's own matter. */
function hashes(resolved: readonly Resolved[], request: TestRequest): ExpectedForward['hash'] {
  const stated = resolved.flatMap(({ rule }) => rule.policy.loadBalancer?.consistentHash ?? []);
  const keys = stated.map(({ ringHash: _, maglev: __, minimumRingSize: ___, ...key }) => key);
  const distinct = new Map(keys.map((key) => [JSON.stringify(key), key]));
  return [...distinct.values()].flatMap((key) => hashOf(key, request));
}

function hashOf(hash: ConsistentHashLB, { headers, path }: TestRequest): ExpectedForward['hash'] {
  const { httpHeaderName: header, httpCookie: cookie, httpQueryParameterName: query } = hash;
  if (header) return [{ by: `header ${header}`, value: headers[header] }];
  if (query) return [{ by: `query ${query}`, value: queryValue(path, query) ?? undefined }];
  if (!cookie) return [{ by: 'source address', value: '127.0.0.1' }];
  const pairs = (headers['cookie'] ?? '').split('; ').map((pair) => pair.split('='));
  return [{ by: `cookie ${cookie.name}`, value: pairs.find(([name]) => name === cookie.name)?.[1] }];
}

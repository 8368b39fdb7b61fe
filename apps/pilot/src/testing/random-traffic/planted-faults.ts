import type { JsonObject, JsonValue } from '#common/proto/json';
import type { HttpAction, Outcome } from '../../simulate/index.js';
import type { Translation } from '../../translate.js';
import { replaceMembers } from '../static-bootstrap.js';
import type { Place } from './places.js';
import type { Planted } from './simulated.js';

/** A mistake that a generator or the simulator could make, made in what it hands on. */
export interface PlantedFault extends Planted {
  readonly name: string;
}

type Part = keyof Translation;
type Change = (member: JsonValue) => JsonObject;

/** Every member of this name in what a generator made. */
function generated(name: string, part: Part, member: string, change: Change): PlantedFault {
  const spoil = (list: readonly JsonObject[]): JsonObject[] =>
    list.map((resource) => replaceMembers(resource, member, change) as JsonObject);
  return { name, translation: (made) => ({ ...made, [part]: spoil(made[part]) }) };
}

const dropped = (name: string, part: Part, member: string): PlantedFault =>
  generated(name, part, member, () => ({}));

const number = (value: JsonValue): number => Number(value);
const list = (value: JsonValue): JsonValue[] => value as JsonValue[];

const GENERATOR_FAULTS: readonly PlantedFault[] = [
  generated('a prefix has to be the whole path', 'routes', 'prefix', (prefix) => {
    return { [prefix === '/' ? 'prefix' : 'path']: prefix };
  }),
  generated('an exact value need only begin so', 'routes', 'exact', (exact) => ({ prefix: exact })),
  dropped('no conditions on headers', 'routes', 'headers'),
  dropped('withoutHeaders asks for the header', 'routes', 'invert_match'),
  dropped('a missing header has the wrong value', 'routes', 'treat_missing_header_as_empty'),
  dropped('no conditions on the query', 'routes', 'query_parameters'),
  dropped('the case of a path counts always', 'routes', 'case_sensitive'),
  generated('the last route comes first', 'routes', 'routes', (routes) => ({
    routes: list(routes).toReversed(),
  })),
  generated('the first route is lost', 'routes', 'routes', (routes) => ({ routes: list(routes).slice(1) })),
  generated('all weights are equal', 'routes', 'weight', () => ({ weight: 10 })),
  dropped('every redirect is permanent', 'routes', 'response_code'),
  dropped('a redirect keeps its port', 'routes', 'port_redirect'),
  dropped('a redirect keeps its scheme', 'routes', 'scheme_redirect'),
  generated('a redirect to a path drops the query', 'routes', 'path_redirect', (path) => {
    return { path_redirect: path, strip_query: true };
  }),
  dropped('no prefix is rewritten', 'routes', 'prefix_rewrite'),
  generated('a rewrite has its groups in the wrong order', 'routes', 'substitution', () => ({
    substitution: '/\\1-\\2',
  })),
  dropped('no authority is rewritten', 'routes', 'host_rewrite_literal'),
  generated('a direct answer has another status', 'routes', 'status', () => ({ status: 204 })),
  dropped('no header is removed', 'routes', 'request_headers_to_remove'),
  dropped('a header that is set is appended', 'routes', 'append_action'),
  dropped('answers keep their headers', 'routes', 'response_headers_to_add'),
  dropped('no faults', 'routes', 'envoy.filters.http.fault'),
  generated('faults strike a tenth', 'routes', 'numerator', (value) => ({ numerator: number(value) / 10 })),
  generated('delays are ten times as long', 'routes', 'fixed_delay', () => ({ fixed_delay: '0.2s' })),
  dropped('no credentials across origins', 'routes', 'allow_credentials'),
  dropped('all preflights are forwarded', 'routes', 'forward_not_matching_preflights'),
  dropped('the default timeout of Envoy', 'routes', 'timeout'),
  generated('a retry too many', 'routes', 'num_retries', (value) => ({ num_retries: number(value) + 1 })),
  dropped('retries on the endpoint that failed', 'routes', 'retry_host_predicate'),
  dropped('no status is retried', 'routes', 'retriable_status_codes'),
  dropped('a try has no limit of its own', 'routes', 'per_try_timeout'),
  dropped('nothing is hashed', 'routes', 'hash_policy'),
  dropped('all is copied', 'routes', 'runtime_fraction'),
  dropped('nothing is copied', 'routes', 'request_mirror_policies'),
  generated('subsets are forgotten', 'routes', 'cluster', (cluster) => ({
    cluster: String(cluster).replace(/\|(v1|v2)\|/, '||'),
  })),
  dropped('the port of an authority counts', 'routes', 'ignore_port_in_host_matching'),
  generated('short names are unknown', 'routes', 'domains', (domains) => ({
    domains: list(domains).slice(0, 1),
  })),
  generated('a subset has an endpoint too few', 'endpoints', 'lb_endpoints', (endpoints) => ({
    lb_endpoints: list(endpoints).slice(1),
  })),
  generated('endpoints have the port of the service', 'endpoints', 'port_value', () => ({ port_value: 80 })),
  generated('limits are lost', 'clusters', 'thresholds', () => ({ thresholds: [{}] })),
  dropped('endpoints are never ejected', 'clusters', 'outlier_detection'),
  dropped('every cluster takes turns', 'clusters', 'lb_policy'),
  generated('connecting may take a second', 'clusters', 'connect_timeout', () => ({ connect_timeout: '1s' })),
];

function simulator(name: string, change: (outcome: HttpOutcome) => Partial<HttpOutcome>): PlantedFault {
  return {
    name,
    outcome: (outcome) => (outcome.kind === 'http' ? { ...outcome, ...change(outcome) } : outcome),
  };
}

type HttpOutcome = Extract<Outcome, { kind: 'http' }>;

function action<K extends HttpAction['kind']>(
  name: string,
  kind: K,
  change: (action: Extract<HttpAction, { kind: K }>) => Partial<HttpAction>,
): PlantedFault {
  return simulator(name, ({ action: made }) => {
    const matching = made.kind === kind ? change(made as Extract<HttpAction, { kind: K }>) : {};
    return { action: { ...made, ...matching } as HttpAction };
  });
}

const SIMULATOR_FAULTS: readonly PlantedFault[] = [
  action('a location without its query', 'redirect', ({ location }) => ({
    location: location.split('?')[0] ?? '',
  })),
  action('a redirect without headers', 'redirect', () => ({ headers: [] })),
  action('only the first destination', 'forward', ({ targets }) => ({ targets: targets.slice(0, 1) })),
  action('paths in lower case', 'forward', ({ targets }) => ({
    targets: targets.map((target) => ({ ...target, path: target.path.toLowerCase() })),
  })),
  action('destinations change no headers', 'forward', ({ targets }) => ({
    targets: targets.map((target) => ({ ...target, request: target.request.slice(1) })),
  })),
  action('a preflight is forwarded', 'preflight', () => ({ kind: 'none' })),
  action('nobody asks across origins', 'forward', () => ({ cors: {} })),
  action('values are not hashed', 'forward', ({ hash }) => ({
    hash: hash.map(({ by }) => ({ by, value: undefined })),
  })),
  simulator('unknown hosts are let through', ({ action: made, virtualHost }) => {
    return virtualHost === 'block_all' ? { virtualHost: 'allow_any' } : { action: made };
  }),
  simulator('faults without delay', ({ fault }) =>
    fault?.delay ? { fault: { ...fault, delay: { ms: 0, percent: 0 } } } : {},
  ),
];

/** Of these a gateway knows nothing: names that are short, hosts that it would let through. */
const OF_SIDECARS = new Set(['short names are unknown', 'unknown hosts are let through']);

const AT_GATEWAYS: readonly PlantedFault[] = [
  dropped('nobody is sent to https', 'routes', 'require_tls'),
  generated('everybody is sent to https', 'routes', 'domains', (domains) => ({
    domains,
    require_tls: 'ALL',
  })),
  generated('all hosts are served alike', 'routes', 'domains', (domains) => ({
    domains: list(domains).map((domain) => String(domain).replace(/^[^*.]+/, '*')),
  })),
  generated('a wildcard is a name', 'routes', 'domains', (domains) => ({
    domains: list(domains).map((domain) => String(domain).replace('*', 'wild')),
  })),
  generated('what comes from outside is believed', 'listeners', 'use_remote_address', () => ({})),
];

/** The faults that can be made of what a proxy of this place gets, and in what is foreseen of it. */
export function faultsOf(place: Place): { generators: PlantedFault[]; simulator: PlantedFault[] } {
  if (place === 'sidecar') return { generators: [...GENERATOR_FAULTS], simulator: [...SIMULATOR_FAULTS] };
  const known = ({ name }: PlantedFault): boolean => !OF_SIDECARS.has(name);
  return {
    generators: [...GENERATOR_FAULTS.filter(known), ...AT_GATEWAYS],
    simulator: SIMULATOR_FAULTS.filter(known),
  };
}

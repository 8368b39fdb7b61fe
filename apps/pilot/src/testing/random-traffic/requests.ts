import fc from 'fast-check';
import { RE2JS } from 're2js';
import type { HTTPMatchRequest, StringMatch, VirtualService } from '#config';
import type { TestRequest } from '../oracle/expected.js';
import type { ConfigSet } from './config-sets.js';
import { DELEGATE_HEADER } from './config-sets.js';
import { CONDITION_HEADERS, METHODS, ORIGINS, PATHS, VALUES, satisfying } from './vocabulary.js';

/** Numbers that decide what a request is like; what they mean depends on the config. */
export interface Dice {
  readonly set: number;
  readonly aim: number;
  readonly host: number;
  readonly name: number;
  readonly route: number;
  readonly match: number;
  readonly port: number;
  readonly noise: number;
  readonly value: number;
}

const die = fc.nat(0x7fffffff);
export const dice: fc.Arbitrary<Dice> = fc.record({
  ...{ set: die, aim: die, host: die, name: die, route: die, match: die, port: die, noise: die, value: die },
});

/** Server behaviour that a request asks for. */
export const FAIL_HEADER = 'x-fail';

/** Two of three requests are aimed at a match of a VirtualService; some of these then miss by a little. */
export function requestOf(sets: readonly ConfigSet[], thrown: Dice): TestRequest {
  const set = pick(sets, thrown.set);
  const virtualServices = set.resources.filter(({ kind }) => kind === 'VirtualService');
  const aimed = thrown.aim % 3 > 0 ? pick(virtualServices, thrown.host) : undefined;
  const spec = aimed?.spec as VirtualService | undefined;
  const route = spec?.http?.length ? pick(spec.http, thrown.route) : undefined;
  const match = route?.match?.length ? pick(route.match, thrown.match) : {};
  const viaDelegate = aimed !== undefined && !spec?.hosts?.length;
  const root = virtualServices[0]?.spec as VirtualService;
  const hosts = viaDelegate ? (root.hosts ?? []) : (spec?.hosts ?? set.hosts);
  const authority = authorityFor(pick(hosts, thrown.name), set, thrown, match);
  const base = meeting(match, thrown);
  const headers = viaDelegate ? { ...base.headers, [DELEGATE_HEADER]: 'yes' } : base.headers;
  return { ...base, authority, headers: { ...headers, ...noise(thrown) } };
}

function pick<T>(from: readonly T[], number: number): T {
  return from[number % from.length] as T;
}

/** In one of the forms that applications use, now and then one that nobody knows. */
function authorityFor(
  host: string,
  { index, hosts, place }: ConfigSet,
  { name, noise }: Dice,
  match: HTTPMatchRequest,
): string {
  if (noise % 23 === 0) return `unknown${index}.example.com`;
  const wanted = match.authority && noise % 4 > 0 ? match.authority : undefined;
  const forms = (each: string): string[] => formsOf(each, place);
  const fitting = wanted ? hosts.flatMap(forms).filter((form) => fits(wanted, form)) : [];
  return pick(fitting.length > 0 ? fitting : forms(host), name >> 8);
}

/** At a gateway short names mean nothing: few requests have one. */
function formsOf(host: string, place: ConfigSet['place']): string[] {
  const concrete = host.startsWith('*') ? host.replace('*', 'any') : host;
  const [short, upper] = [shortened(concrete), concrete.toUpperCase()];
  if (place === 'sidecar') return [concrete, `${concrete}:80`, short, `${short}:8080`, upper];
  return [concrete, `${concrete}:80`, `${concrete}:8080`, upper, concrete, concrete, `${short}:80`];
}

function fits(wanted: StringMatch, form: string): boolean {
  if ('exact' in wanted) return form === wanted.exact;
  if ('prefix' in wanted) return form.startsWith(wanted.prefix);
  return RE2JS.compile(wanted.regex).matches(form);
}

function shortened(host: string): string {
  return host.replace('.default.svc.cluster.local', '');
}

function meeting(match: HTTPMatchRequest, thrown: Dice): Omit<TestRequest, 'authority'> {
  const { value, noise, port } = thrown;
  const path = match.uri ? satisfying(match.uri, value) : pick(PATHS, value);
  const cased = match.ignoreUriCase && value % 2 ? path.toUpperCase() : path;
  const missed = noise % 9 === 0;
  return {
    method: match.method ? satisfying(match.method, 1).replace(/^P$/, 'PUT') : pick(METHODS, value >> 3),
    path: `${missed ? `/missed${cased}` : cased}${queryFor(match, thrown)}`,
    headers: { ...headersFor(match, thrown), ...schemeFor(match, value) },
    port: match.port ?? (port % 3 === 0 ? 8080 : 80),
  };
}

function queryFor({ queryParams = {} }: HTTPMatchRequest, { value, noise }: Dice): string {
  const wanted = Object.entries(queryParams).map(
    ([name, condition]) => `${name}=${satisfying(condition, value)}`,
  );
  const more = noise % 5 === 0 ? [`q=${pick(VALUES, noise >> 4)}`] : [];
  const pairs = [...wanted, ...more];
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

function headersFor(
  { headers = {}, withoutHeaders = {} }: HTTPMatchRequest,
  { value, noise }: Dice,
): Record<string, string> {
  const wanted = Object.entries(headers).map(([name, condition]): [string, string] => [
    name,
    satisfying(condition, value),
  ]);
  const stray = CONDITION_HEADERS.filter(
    (name, index) => !(name in withoutHeaders) && (noise >> index) % 4 === 0,
  );
  const strays = stray.map((name): [string, string] => [name, pick(VALUES, noise >> 5)]);
  return Object.fromEntries([...strays, ...wanted]);
}

function schemeFor({ scheme }: HTTPMatchRequest, value: number): Record<string, string> {
  const wanted = scheme && 'exact' in scheme ? scheme.exact : value % 7 === 0 ? 'https' : undefined;
  return wanted === 'https' ? { 'x-forwarded-proto': 'https' } : {};
}

/** What conditions do not ask for: headers that routes change or hash, where a script comes from, servers that fail. */
function noise({ noise, value }: Dice): Record<string, string> {
  const has = (oneIn: number, shift: number): boolean => (noise >> shift) % oneIn === 0;
  return {
    ...(has(2, 1) && { 'x-a': 'own' }),
    ...(has(2, 2) && { 'x-c': 'own' }),
    ...(has(2, 3) && { user: `user-${value % 5}` }),
    ...(has(3, 4) && { cookie: `other=1; session=${value % 5}` }),
    ...(has(3, 5) && { origin: pick(ORIGINS, value >> 2) }),
    ...(has(2, 6) && { 'access-control-request-method': 'PUT' }),
    ...(has(12, 7) && { [FAIL_HEADER]: pick(['503', '500', '418'], value >> 4) }),
  };
}

import { canonicalJson } from '../canonical.js';
import type { HTTPMatchRequest, HTTPRoute, StringMatch } from '../kinds/networking.js';
import type { Scope } from '../problem.js';

/** A match, or its lack, and the route it stands in. */
interface Before {
  readonly rule: number;
  readonly match: HTTPMatchRequest;
}

/**
 * Routes and matches that no request gets to, because routes before them take all that they could take (IST0130,
 * IST0131).
 *
 * @see https://istio.io/latest/docs/reference/config/analysis/ist0130/
 */
export function checkReachable(routes: readonly HTTPRoute[], scope: Scope): void {
  const before = new Earlier();
  routes.forEach(({ match: matches = [], delegate }, rule) => {
    const own = matches.length > 0 ? matches : [{}];
    const coveredBy = own.map((match) => before.covering(match));
    report(coveredBy, matches.length, scope.at(rule));
    // What a delegate takes of all that it is given, only the delegate knows.
    if (!delegate) for (const match of own) before.add({ rule, match });
  });
}

/** Comparing each with each would take minutes for the largest resources: few matches cover others, and these come first. */
const MOST_COMPARED = 100;

/** The matches so far. */
class Earlier {
  private readonly equal = new Map<string, Before>();
  private readonly wide: Before[] = [];

  covering(match: HTTPMatchRequest): Before | undefined {
    return this.equal.get(conditions(match)) ?? this.wide.find((earlier) => covers(earlier.match, match));
  }

  add(before: Before): void {
    const key = conditions(before.match);
    if (!this.equal.has(key)) this.equal.set(key, before);
    if (this.wide.length < MOST_COMPARED) this.wide.push(before);
  }
}

function conditions({ name: _name, statPrefix: _statPrefix, ...match }: HTTPMatchRequest): string {
  return canonicalJson(match);
}

function report(coveredBy: readonly (Before | undefined)[], matches: number, scope: Scope): void {
  const [first] = coveredBy;
  if (first && coveredBy.every(Boolean)) {
    scope.warn(
      'unreachableRule',
      `http[${first.rule}] takes every request before it, so this route is never used`,
    );
    return;
  }
  coveredBy.forEach((by, index) => {
    if (by && matches > 0)
      scope.at('match', index).warn('ineffectiveMatch', `http[${by.rule}] takes every request of this match`);
  });
}

const NAMES = new Set(['name', 'statPrefix']);

/** Whether every request that fits `narrow` fits `wide`: each condition of `wide` has to follow from one of `narrow`. */
export function covers(wide: HTTPMatchRequest, narrow: HTTPMatchRequest): boolean {
  return Object.entries(wide).every(([field, condition]) => {
    if (NAMES.has(field) || field === 'ignoreUriCase') return true;
    const own: unknown = narrow[field as keyof HTTPMatchRequest];
    if (field === 'uri') return coversUri(wide, narrow);
    return isMap(condition) && isMap(own) && MAPS.has(field)
      ? Object.entries(condition).every(([name, value]) => same(value, own[name]))
      : same(condition, own);
  });
}

const MAPS = new Set(['headers', 'withoutHeaders', 'queryParams', 'sourceLabels']);

function coversUri(wide: HTTPMatchRequest, narrow: HTTPMatchRequest): boolean {
  if (wide.uri && 'prefix' in wide.uri && (wide.uri.prefix === '/' || wide.uri.prefix === '')) return true;
  if (Boolean(wide.ignoreUriCase) !== Boolean(narrow.ignoreUriCase)) return false;
  const path = narrow.uri && literal(narrow.uri);
  if (wide.uri && 'prefix' in wide.uri && path !== undefined) return path.startsWith(wide.uri.prefix);
  return same(wide.uri, narrow.uri);
}

function literal(match: StringMatch): string | undefined {
  if ('exact' in match) return match.exact;
  return 'prefix' in match ? match.prefix : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(a: unknown, b: unknown): boolean {
  return a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b);
}

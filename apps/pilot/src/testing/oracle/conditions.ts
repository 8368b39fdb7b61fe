import { RE2JS } from 're2js';
import type { HTTPMatchRequest, StringMatch } from '#config';
import type { Caller, TestRequest } from './expected.js';

type Condition = StringMatch | Record<string, never>;

/** Whether a request meets all conditions of a match. */
export function meets(match: HTTPMatchRequest, request: TestRequest, caller: Caller): boolean {
  const { uri, scheme, method, authority, ignoreUriCase } = match;
  const [path = ''] = request.path.split('?');
  const checks: readonly boolean[] = [
    holds(uri, path, ignoreUriCase === true),
    holds(scheme, request.headers['x-forwarded-proto'] ?? 'http'),
    holds(method, request.method),
    holds(authority, request.authority),
    Object.entries(match.headers ?? {}).every(([name, condition]) =>
      holds(condition, request.headers[name] ?? null),
    ),
    Object.entries(match.withoutHeaders ?? {}).every(([name, condition]) =>
      lacks(condition, request.headers[name]),
    ),
    Object.entries(match.queryParams ?? {}).every(([name, condition]) =>
      holds(condition, queryValue(request.path, name)),
    ),
    match.port === undefined || match.port === request.port,
    isFrom(match, caller),
  ];
  return checks.every(Boolean);
}

/** A match that is bound to gateways does not ask where requests come from. */
function isFrom({ gateways, sourceNamespace, sourceLabels = {} }: HTTPMatchRequest, caller: Caller): boolean {
  const by = caller.gateways ?? ['mesh'];
  if (gateways?.length) return gateways.some((name) => by.includes(name));
  if (sourceNamespace && sourceNamespace !== caller.namespace) return false;
  return Object.entries(sourceLabels).every(([name, value]) => caller.labels[name] === value);
}

/** @param value null where the request has none: that meets nothing */
function holds(condition: Condition | undefined, value: string | null, anyCase = false): boolean {
  if (condition === undefined) return true;
  if (value === null) return false;
  if ('regex' in condition && typeof condition.regex === 'string')
    return RE2JS.compile(condition.regex).matches(value);
  const [text, wanted] = anyCase ? [value.toLowerCase(), lower(condition)] : [value, condition];
  if ('exact' in wanted && typeof wanted.exact === 'string') return text === wanted.exact;
  if ('prefix' in wanted && typeof wanted.prefix === 'string') return text.startsWith(wanted.prefix);
  return true;
}

function lower(condition: Condition): Condition {
  return Object.fromEntries(
    Object.entries(condition).map(([how, text]) => [how, String(text).toLowerCase()]),
  ) as Condition;
}

/** Without a value to compare the header must be missing; with one it must not have it, and missing is as good. */
function lacks(condition: Condition, value: string | undefined): boolean {
  if (Object.keys(condition).length === 0) return value === undefined;
  return !holds(condition, value ?? '');
}

function queryValue(path: string, wanted: string): string | null {
  const pairs = (path.split('?')[1] ?? '').split('&');
  const found = pairs.find((pair) => pair.split('=')[0] === wanted);
  return found === undefined ? null : (found.split('=')[1] ?? '');
}

export { queryValue };

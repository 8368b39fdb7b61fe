import { RE2JS } from 're2js';
import type { StringMatch } from '../kinds/networking.js';
import { parseDuration } from '../duration.js';
import type { Scope } from '../problem.js';
import { ipVersion } from './address.js';

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
/** Host names may be written in capitals and, as Istio takes them, with underscores. */
const HOST_LABEL = /^[a-zA-Z0-9_](?:[-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?$/;
const QUALIFIED_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const HEADER_NAME = /^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/;

/** Envoy's program size is bounded as well; nobody's route needs more. */
const MAX_REGEX_LENGTH = 1024;

export function isDnsLabel(name: string): boolean {
  return DNS_LABEL.test(name);
}

/** RFC 1123 subdomain, what Kubernetes asks of most names. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => DNS_LABEL.test(label));
}

/** A host name, full or short; a trailing dot is allowed. */
export function isHostName(host: string): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return name.length > 0 && name.length <= 255 && name.split('.').every((label) => HOST_LABEL.test(label));
}

/** `*`, `*.example.com`, or a host name. */
export function isWildcardHost(host: string): boolean {
  if (host === '*') return true;
  return isHostName(host.startsWith('*.') ? host.slice(2) : host);
}

export function isAddress(text: string): boolean {
  return ipVersion(text) !== 0;
}

/** An address, or a network such as 10.0.0.0/8. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (rest.length > 0 || !isAddress(address)) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (ipVersion(address) === 4 ? 32 : 128))
  );
}

export function checkPort(port: number, scope: Scope): void {
  if (port < 1 || port > 65535) scope.error(`port ${port} is not in 1..65535`);
}

/** Label keys are `[prefix/]name`, values at most 63 characters, as Kubernetes has them. */
export function checkLabels(labels: Record<string, string> | undefined, scope: Scope): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const [name = '', prefix, ...rest] = key.split('/').reverse();
    const prefixIsFine = prefix === undefined || isDnsSubdomain(prefix);
    if (rest.length > 0 || !prefixIsFine || !QUALIFIED_NAME.test(name)) {
      scope.at(key).error(`invalid label key ${JSON.stringify(key)}`);
    }
    if (value !== '' && !QUALIFIED_NAME.test(value)) {
      scope.at(key).error(`invalid label value ${JSON.stringify(value)}`);
    }
  }
}

export function checkHeaderName(name: string, scope: Scope): void {
  if (!HEADER_NAME.test(name)) scope.error(`invalid header name ${JSON.stringify(name)}`);
}

/** User regexes run in RE2 only, at Envoy and here, so RE2 decides what compiles. */
export function checkRegex(pattern: string, scope: Scope): void {
  if (pattern === '') return scope.error('a regex must not be empty');
  if (pattern.length > MAX_REGEX_LENGTH)
    return scope.error(`the regex is longer than ${MAX_REGEX_LENGTH} characters`);
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    scope.error(`the regex does not compile in RE2: ${(error as Error).message}`);
  }
}

/** Exactly one of exact, prefix and regex; `{}` only where presence alone may be asked for. */
export function checkStringMatch(
  match: StringMatch | Record<string, never>,
  scope: Scope,
  presence = false,
): void {
  const forms = Object.keys(match);
  if (forms.length === 0 && !presence) return scope.error('needs one of exact, prefix and regex');
  if (forms.length > 1) return scope.error('takes only one of exact, prefix and regex');
  if ('prefix' in match && match.prefix === '') scope.at('prefix').error('a prefix must not be empty');
  if ('regex' in match && match.regex !== undefined) checkRegex(match.regex, scope.at('regex'));
}

/** Istio takes whole milliseconds only, and nothing below one. */
export function checkDuration(
  text: string | undefined,
  scope: Scope,
  options: { zero?: boolean } = {},
): void {
  if (text === undefined) return;
  const milliseconds = parseDuration(text) ?? 0;
  if (milliseconds === 0 && options.zero) return;
  if (milliseconds < 1) scope.error('the duration must be at least 1ms');
  else if (Math.abs(milliseconds - Math.round(milliseconds)) > 1e-6) {
    scope.error('only durations in whole milliseconds are supported');
  }
}

export function checkRange(value: number | undefined, low: number, high: number, scope: Scope): void {
  if (value !== undefined && !(value >= low && value <= high))
    scope.error(`${value} is not in ${low}..${high}`);
}

/** `.`, `*`, `~` or a namespace. */
export function checkExportTo(exportTo: readonly string[] | undefined, scope: Scope): void {
  const seen = new Set<string>();
  exportTo?.forEach((entry, index) => {
    if (!['.', '*', '~'].includes(entry) && !isDnsLabel(entry))
      scope.at(index).error(`invalid namespace ${JSON.stringify(entry)}`);
    if (seen.has(entry)) scope.at(index).error(`${JSON.stringify(entry)} is listed twice`);
    seen.add(entry);
  });
  if (seen.size > 1 && (seen.has('*') || seen.has('~'))) scope.error('* and ~ stand alone');
}

/** Reports members of a list whose name was there before. */
export function checkUnique(names: readonly (string | undefined)[], scope: Scope, what: string): void {
  const seen = new Set<string>();
  names.forEach((name, index) => {
    if (name === undefined) return;
    if (seen.has(name)) scope.at(index).error(`duplicate ${what} ${JSON.stringify(name)}`);
    seen.add(name);
  });
}

import type { HTTPMatchRequest, StringMatch } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkGatewayNames } from './names.js';
import { checkHeaderName, checkLabels, checkPort, checkStringMatch, isDnsLabel } from './text.js';

type Entry = StringMatch | Record<string, never>;

/** One entry of an HTTP route's `match`. */
export function checkHttpMatch(match: HTTPMatchRequest, scope: Scope): void {
  checkUri(match.uri, scope.at('uri'));
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const value = match[field];
    if (value) checkStringMatch(value, scope.at(field));
  }
  for (const field of ['headers', 'withoutHeaders'] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      if (!name.startsWith(':') && !isClaim(name)) checkHeaderName(name, scope.at(field, name));
      checkEntry(value, scope.at(field, name));
    }
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {}))
    checkEntry(value, scope.at('queryParams', name));
  if (match.port) checkPort(match.port, scope.at('port'));
  checkLabels(match.sourceLabels, scope.at('sourceLabels'));
  checkGatewayNames(match.gateways, scope.at('gateways'));
  if (match.sourceNamespace && !isDnsLabel(match.sourceNamespace)) {
    scope.at('sourceNamespace').error(`invalid namespace ${JSON.stringify(match.sourceNamespace)}`);
  }
}

/** An empty prefix is that of every path. */
function checkUri(uri: StringMatch | undefined, scope: Scope): void {
  if (!uri || (Object.keys(uri).length === 1 && 'prefix' in uri && uri.prefix === '')) return;
  checkStringMatch(uri, scope);
}

/** `regex: "*"` is no pattern: like `{}` it asks for nothing but presence. */
function checkEntry(entry: Entry, scope: Scope): void {
  if (Object.keys(entry).length === 1 && 'regex' in entry && entry.regex === '*') return;
  checkStringMatch(entry, scope, true);
}

const CLAIM = /^@request\.auth\.claims(?:\.[^.[\]]+(?:\.[^.[\]]+)*|(?:\[[^[\]]+\])+)$/;

/** `@request.auth.claims.group` or `@request.auth.claims[group][id]`: a claim of the request's JWT, at gateways. */
export function isClaim(name: string): boolean {
  return CLAIM.test(name);
}

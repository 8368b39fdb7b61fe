import { RE2JS } from 're2js';
import type { HTTPRoute } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkCorsPolicy } from './cors.js';
import { checkDestination, checkWeights } from './destination.js';
import { checkAuthority, checkHeaders } from './headers.js';
import { checkFault, checkPercent } from './http-fault.js';
import { checkHttpMatch } from './http-match.js';
import { checkRetries } from './http-retries.js';
import { checkDuration, checkPort, checkRange, checkRegex, isDnsLabel } from './text.js';

/** One entry of a VirtualService's `http`; `inDelegate` where others delegate to it. */
export function checkHttpRoute(route: HTTPRoute, scope: Scope, inDelegate: boolean): void {
  checkAction(route, scope, inDelegate);
  route.match?.forEach((match, index) => checkHttpMatch(match, scope.at('match', index)));
  route.route?.forEach((target, index) => checkHeaders(target.headers, scope.at('route', index, 'headers')));
  if (route.route) checkWeights(route.route, scope.at('route'));
  checkRedirect(route.redirect, scope.at('redirect'));
  checkDirectResponse(route.directResponse, scope.at('directResponse'));
  checkRewrite(route.rewrite, scope.at('rewrite'));
  checkFault(route.fault, scope.at('fault'));
  checkRetries(route.retries, scope.at('retries'));
  checkMirrors(route, scope);
  checkDuration(route.timeout, scope.at('timeout'), { zero: true });
  checkCorsPolicy(route.corsPolicy, scope.at('corsPolicy'));
  checkHeaders(route.headers, scope.at('headers'));
  checkAuthority(route.rewrite?.authority, route.headers, scope.at('headers'));
  if (route.websocketUpgrade !== undefined)
    scope
      .at('websocketUpgrade')
      .warn('deprecated', 'websocketUpgrade has no effect: upgrades are always allowed');
}

/** What a route does with a request: forwards, redirects, answers or delegates, one of them. */
function checkAction(route: HTTPRoute, scope: Scope, inDelegate: boolean): void {
  const forwards = (route.route?.length ?? 0) > 0;
  const { redirect, directResponse, delegate, fault, rewrite } = route;
  if (delegate && inDelegate) scope.at('delegate').error('a delegate cannot delegate further');
  if (delegate) return checkDelegate(route, scope);
  if (redirect && forwards) scope.error('HTTP route cannot contain both route and redirect');
  if (directResponse && forwards) scope.error('HTTP route cannot contain both route and direct_response');
  if (redirect && directResponse) scope.error('HTTP route cannot contain both redirect and direct_response');
  for (const [name, action] of Object.entries({ redirect, directResponse })) {
    if (action && fault) scope.at('fault').error(`HTTP route cannot contain both fault and ${name}`);
    if (action && rewrite) scope.at('rewrite').error(`HTTP route cannot contain both rewrite and ${name}`);
  }
  if (!forwards && !redirect && !directResponse)
    scope.error('HTTP route, redirect or direct_response is required');
}

function checkDelegate({ route, redirect, directResponse, delegate }: HTTPRoute, scope: Scope): void {
  if (route || redirect || directResponse) {
    scope.error('a route that delegates must not specify route, redirect or direct_response');
  }
  if (!delegate?.name) scope.at('delegate').error('delegate needs a name');
  if (delegate?.namespace && !isDnsLabel(delegate.namespace))
    scope.at('delegate', 'namespace').error(`invalid namespace ${JSON.stringify(delegate.namespace)}`);
}

function checkRedirect(redirect: HTTPRoute['redirect'], scope: Scope): void {
  if (!redirect) return;
  const { uri, authority, port, derivePort, scheme, redirectCode, prefixRewrite } = redirect;
  if (!uri && !authority && !port && !derivePort && !scheme && !prefixRewrite) {
    scope.error('redirect must specify URI, authority, scheme, or port');
  }
  if (uri && prefixRewrite) scope.error('redirect takes only one of URI and prefixRewrite');
  for (const [name, text] of Object.entries({ uri, authority, prefixRewrite }))
    checkLine(text, scope.at(name));
  if (port !== undefined && derivePort) scope.error('redirect takes only one of port and derivePort');
  if (port !== undefined) checkPort(port, scope.at('port'));
  if (scheme && scheme !== 'http' && scheme !== 'https')
    scope.at('scheme').error('scheme has to be http or https');
  if (redirectCode && ![301, 302, 303, 307, 308].includes(redirectCode)) {
    scope.at('redirectCode').error(`${redirectCode} is not one of 301, 302, 303, 307, 308`);
  }
}

/** Envoy refuses a header with a line break, and the whole route table with it. */
function checkLine(text: string | undefined, scope: Scope): void {
  if (text !== undefined && /[\r\n\0]/.test(text)) scope.error('no line breaks here');
}

/** What the route tables allow: Envoy's default is 4 KB. */
const MAX_BODY_BYTES = 1024 * 1024;

function checkDirectResponse(response: HTTPRoute['directResponse'], scope: Scope): void {
  if (!response) return;
  const { status, body } = response;
  if (status === undefined) scope.error('direct_response needs a status');
  checkRange(status, 200, 599, scope.at('status'));
  if (!body) return;
  if (Object.keys(body).length !== 1) scope.at('body').error('body takes exactly one of string and bytes');
  const bytes = Buffer.byteLength(body.string ?? '') + Buffer.byteLength(body.bytes ?? '', 'base64');
  if (bytes > MAX_BODY_BYTES) scope.at('body').error(`body is longer than ${MAX_BODY_BYTES} bytes`);
}

function checkRewrite(rewrite: HTTPRoute['rewrite'], scope: Scope): void {
  if (!rewrite) return;
  const { uri, authority, uriRegexRewrite } = rewrite;
  if (!uri && !authority && !uriRegexRewrite) scope.error('rewrite must specify URI, UriRegex, or authority');
  if (uri && uriRegexRewrite) scope.error('rewrite takes only one of URI and UriRegex');
  checkLine(uri, scope.at('uri'));
  checkLine(authority, scope.at('authority'));
  if (!uriRegexRewrite) return;
  const { match, rewrite: substitution } = uriRegexRewrite;
  if (!match || !substitution) {
    scope.at('uriRegexRewrite').error('UriRegexRewrite requires both rewrite and match');
  } else {
    checkRegex(match, scope.at('uriRegexRewrite', 'match'));
    checkSubstitution(match, substitution, scope.at('uriRegexRewrite', 'rewrite'));
  }
}

/** RE2 leaves a path as it is where the substitution names a group that the pattern does not have. */
function checkSubstitution(pattern: string, substitution: string, scope: Scope): void {
  checkLine(substitution, scope);
  const groups = groupCount(pattern);
  for (const [reference, escaped = ''] of substitution.matchAll(/\\(.?)/g)) {
    if (escaped !== '\\' && !(/\d/.test(escaped) && Number(escaped) <= groups))
      scope.warn('noEffect', `${reference} is no group of the pattern, so no path is ever rewritten`);
  }
}

function groupCount(pattern: string): number {
  try {
    return RE2JS.compile(pattern).groupCount();
  } catch {
    return 9;
  }
}

function checkMirrors(route: HTTPRoute, scope: Scope): void {
  if (route.mirror && route.mirrors) scope.error('HTTP route cannot contain both mirror and mirrors');
  if (route.mirror) checkDestination(route.mirror, scope.at('mirror'));
  checkPercent(route.mirrorPercentage, scope.at('mirrorPercentage'));
  checkRange(route.mirrorPercent, 0, 100, scope.at('mirrorPercent'));
  if (route.mirrorPercent !== undefined)
    scope.at('mirrorPercent').warn('deprecated', 'mirrorPercent is deprecated, use mirrorPercentage');
  route.mirrors?.forEach((mirror, index) => {
    checkDestination(mirror.destination, scope.at('mirrors', index, 'destination'));
    checkPercent(mirror.percentage, scope.at('mirrors', index, 'percentage'));
  });
}

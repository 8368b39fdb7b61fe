import type {
  HTTPFaultInjection,
  HTTPMatchRequest,
  HTTPRetry,
  HTTPRoute,
  Percent,
} from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkCorsPolicy } from './cors.js';
import { checkDestination, checkWeights } from './destination.js';
import { checkHeaders } from './headers.js';
import { checkGatewayNames } from './names.js';
import {
  checkDuration,
  checkHeaderName,
  checkLabels,
  checkPort,
  checkRange,
  checkRegex,
  checkStringMatch,
  isDnsLabel,
} from './text.js';

/** One entry of a VirtualService's `http`. */
export function checkHttpRoute(route: HTTPRoute, scope: Scope): void {
  checkAction(route, scope);
  route.match?.forEach((match, index) => checkMatch(match, scope.at('match', index)));
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
}

/** What a route does with a request: forwards, redirects, answers or delegates, one of them. */
function checkAction(route: HTTPRoute, scope: Scope): void {
  const forwards = (route.route?.length ?? 0) > 0;
  const { redirect, directResponse, delegate, fault, rewrite } = route;
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

function checkDelegate(route: HTTPRoute, scope: Scope): void {
  if (route.route || route.redirect || route.directResponse) {
    scope.error('a route that delegates must not specify route, redirect or direct_response');
  }
  scope.at('delegate').warn('refusedField', 'delegation to another VirtualService is not supported');
}

function checkMatch(match: HTTPMatchRequest, scope: Scope): void {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    const value = match[field];
    if (value) checkStringMatch(value, scope.at(field));
  }
  for (const field of ['headers', 'withoutHeaders'] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      if (!name.startsWith(':')) checkHeaderName(name, scope.at(field, name));
      checkStringMatch(value, scope.at(field, name), true);
    }
  }
  for (const [name, value] of Object.entries(match.queryParams ?? {})) {
    checkStringMatch(value, scope.at('queryParams', name), true);
  }
  if (match.port) checkPort(match.port, scope.at('port'));
  checkLabels(match.sourceLabels, scope.at('sourceLabels'));
  checkGatewayNames(match.gateways, scope.at('gateways'));
  if (match.sourceNamespace && !isDnsLabel(match.sourceNamespace)) {
    scope.at('sourceNamespace').error(`invalid namespace ${JSON.stringify(match.sourceNamespace)}`);
  }
}

function checkRedirect(redirect: HTTPRoute['redirect'], scope: Scope): void {
  if (!redirect) return;
  const { uri, authority, port, derivePort, scheme, redirectCode } = redirect;
  if (!uri && !authority && !port && !derivePort && !scheme) {
    scope.error('redirect must specify URI, authority, scheme, or port');
  }
  if (port !== undefined && derivePort) scope.error('redirect takes only one of port and derivePort');
  if (port !== undefined) checkPort(port, scope.at('port'));
  if (scheme && scheme !== 'http' && scheme !== 'https')
    scope.at('scheme').error('scheme has to be http or https');
  if (redirectCode && ![301, 302, 303, 307, 308].includes(redirectCode)) {
    scope.at('redirectCode').error(`${redirectCode} is not one of 301, 302, 303, 307, 308`);
  }
}

function checkDirectResponse(response: HTTPRoute['directResponse'], scope: Scope): void {
  if (!response) return;
  if (response.status === undefined) scope.error('direct_response needs a status');
  checkRange(response.status, 200, 599, scope.at('status'));
  if (response.body && Object.keys(response.body).length !== 1) {
    scope.at('body').error('body takes exactly one of string and bytes');
  }
}

function checkRewrite(rewrite: HTTPRoute['rewrite'], scope: Scope): void {
  if (!rewrite) return;
  const { uri, authority, uriRegexRewrite } = rewrite;
  if (!uri && !authority && !uriRegexRewrite) scope.error('rewrite must specify URI, UriRegex, or authority');
  if (uri && uriRegexRewrite) scope.error('rewrite takes only one of URI and UriRegex');
  if (!uriRegexRewrite) return;
  if (!uriRegexRewrite.match || !uriRegexRewrite.rewrite) {
    scope.at('uriRegexRewrite').error('UriRegexRewrite requires both rewrite and match');
  } else checkRegex(uriRegexRewrite.match, scope.at('uriRegexRewrite', 'match'));
}

function checkFault(fault: HTTPFaultInjection | undefined, scope: Scope): void {
  if (!fault) return;
  const { abort, delay } = fault;
  if (!abort && !delay) scope.error('HTTP fault injection must have an abort and/or a delay');
  if (delay) {
    if (delay.fixedDelay === undefined) scope.at('delay').error('delay needs a fixedDelay');
    checkDuration(delay.fixedDelay, scope.at('delay', 'fixedDelay'));
    checkPercent(delay.percentage, scope.at('delay', 'percentage'));
    checkRange(delay.percent, 0, 100, scope.at('delay', 'percent'));
    if (delay.percent !== undefined)
      scope.at('delay', 'percent').warn('deprecated', 'percent is deprecated, use percentage');
  }
  if (abort) {
    const given = [abort.httpStatus, abort.grpcStatus].filter((status) => status !== undefined);
    if (given.length !== 1) scope.at('abort').error('abort takes exactly one of httpStatus and grpcStatus');
    checkRange(abort.httpStatus, 200, 599, scope.at('abort', 'httpStatus'));
    checkGrpcStatus(abort.grpcStatus, scope.at('abort', 'grpcStatus'));
    checkPercent(abort.percentage, scope.at('abort', 'percentage'));
  }
}

const GRPC_STATUS = new Set(
  (
    'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
    'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS ' +
    'UNAUTHENTICATED'
  ).split(' '),
);

function checkGrpcStatus(status: string | undefined, scope: Scope): void {
  if (status === undefined || GRPC_STATUS.has(status) || /^(?:\d|1[0-6])$/.test(status)) return;
  scope.error(`gRPC status ${JSON.stringify(status)} is not supported`);
}

export function checkPercent(percent: Percent | undefined, scope: Scope): void {
  checkRange(percent?.value, 0, 100, scope.at('value'));
}

function checkMirrors(route: HTTPRoute, scope: Scope): void {
  if (route.mirror && route.mirrors) scope.error('HTTP route cannot contain both mirror and mirrors');
  if (route.mirror) checkDestination(route.mirror, scope.at('mirror'));
  checkPercent(route.mirrorPercentage, scope.at('mirrorPercentage'));
  route.mirrors?.forEach((mirror, index) => {
    checkDestination(mirror.destination, scope.at('mirrors', index, 'destination'));
    checkPercent(mirror.percentage, scope.at('mirrors', index, 'percentage'));
  });
}

/** @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on */
const RETRY_ON = new Set(
  (
    '5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream ' +
    'retriable-status-codes retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal ' +
    'resource-exhausted unavailable'
  ).split(' '),
);

function checkRetries(retries: HTTPRetry | undefined, scope: Scope): void {
  if (!retries) return;
  const { attempts, perTryTimeout, retryOn, backoff } = retries;
  checkRange(attempts, 0, 2147483647, scope.at('attempts'));
  if (attempts === 0 && (perTryTimeout || retryOn)) {
    scope.error('http retry policy configured when attempts are set to 0 (disabled)');
  }
  checkDuration(perTryTimeout, scope.at('perTryTimeout'), { zero: true });
  checkDuration(backoff, scope.at('backoff'));
  for (const condition of retryOn?.split(',') ?? []) {
    const name = condition.trim();
    const isStatus = /^\d{3}$/.test(name) && Number(name) >= 200 && Number(name) <= 599;
    if (!isStatus && !RETRY_ON.has(name))
      scope.at('retryOn').error(`${JSON.stringify(name)} is not a valid retryOn policy`);
  }
}

import { RE2JS } from 're2js';
import type {
  CorsPolicy,
  HTTPFaultInjection,
  HTTPMatchRequest,
  HTTPRetry,
  HTTPRoute,
  StringMatch,
} from '#config';
import { milliseconds } from './destination-policy.js';
import type { ExpectedFault, ExpectedRetry, Headers, TestRequest } from './expected.js';

type Redirect = NonNullable<HTTPRoute['redirect']>;

export function redirected(redirect: Redirect, match: HTTPMatchRequest | undefined, request: TestRequest) {
  const scheme = redirect.scheme ?? request.headers['x-forwarded-proto'] ?? 'http';
  const [path = '', query] = request.path.split('?');
  const newPath = redirect.uri ?? replaced(path, redirect.prefixRewrite, match);
  const withQuery = query === undefined || newPath.includes('?') ? newPath : `${newPath}?${query}`;
  return {
    kind: 'redirect' as const,
    status: redirect.redirectCode ?? 301,
    location: `${scheme}://${redirectHost(redirect, request)}${withQuery}`,
    headers: {},
  };
}

/** A port that goes without saying is not said. */
function redirectHost(redirect: Redirect, request: TestRequest): string {
  const before = request.headers['x-forwarded-proto'] ?? 'http';
  const stated = redirect.derivePort === 'FROM_REQUEST_PORT' ? request.port : redirect.port;
  const usual = redirect.scheme === 'https' ? 443 : 80;
  const port = stated === usual ? undefined : stated;
  const [name = '', written] = request.authority.split(':');
  if (redirect.authority) return port === undefined ? redirect.authority : `${redirect.authority}:${port}`;
  if (port !== undefined) return `${name}:${port}`;
  const changes = redirect.scheme !== undefined && redirect.scheme !== before;
  const needless = changes && written === (before === 'https' ? '443' : '80');
  return written === undefined || needless ? name : `${name}:${written}`;
}

/** What takes the place of the part of the path that the match named: the prefix, or else all of it. */
export function replaced(path: string, by: string | undefined, match: HTTPMatchRequest | undefined): string {
  if (!by) return path;
  const uri = match?.uri;
  if (uri && ('exact' in uri || ('regex' in uri && uri.regex !== '.*'))) return by;
  return by + path.slice(uri && 'prefix' in uri ? uri.prefix.length : 1);
}

export function rewritten(
  { rewrite }: HTTPRoute,
  match: HTTPMatchRequest | undefined,
  whole: string,
): string {
  const [path = '', query] = whole.split('?');
  const { uriRegexRewrite: regex } = rewrite ?? {};
  const changed = regex
    ? RE2JS.compile(regex.match)
        .matcher(path)
        .replaceAll(regex.rewrite.replace(/\\(\d)/g, '$$$1'))
    : replaced(path, rewrite?.uri, match);
  return query === undefined ? changed : `${changed}?${query}`;
}

export function faulted({ delay, abort }: HTTPFaultInjection): ExpectedFault {
  const grpc = abort?.grpcStatus === undefined ? undefined : GRPC_CODES.indexOf(abort.grpcStatus);
  return {
    ...(delay && {
      delay: {
        ms: milliseconds(delay.fixedDelay ?? '0s'),
        percent: delay.percentage?.value ?? delay.percent ?? 0,
      },
    }),
    ...(abort && {
      abort: {
        percent: abort.percentage?.value ?? 0,
        ...(grpc === undefined ? { httpStatus: abort.httpStatus ?? 503 } : { grpcStatus: grpc }),
      },
    }),
  };
}

/** By number. @see https://grpc.io/docs/guides/status-codes/ */
const GRPC_CODES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE'],
  ...['UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

const USUAL_CONDITIONS = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

/** Two retries where nothing is stated, none where it is said that there be none. */
export function retried(retries: HTTPRetry | undefined, hashed: boolean): ExpectedRetry | undefined {
  if (retries && !retries.attempts) return undefined;
  const words = (retries?.retryOn || USUAL_CONDITIONS).split(',');
  const statusCodes = words.map(Number).filter((code) => code > 0);
  const on = words.filter((word) => !/^\d+$/.test(word));
  if (statusCodes.length > 0 && !on.includes('retriable-status-codes')) on.push('retriable-status-codes');
  return {
    on,
    statusCodes,
    attempts: retries?.attempts ?? 2,
    ...(retries?.perTryTimeout && { perTryTimeoutMs: milliseconds(retries.perTryTimeout) }),
    ...(retries?.backoff && { backoffMs: milliseconds(retries.backoff) }),
    otherEndpoints: retries?.retryIgnorePreviousHosts ?? !hashed,
    otherLocalities: retries?.retryRemoteLocalities ?? false,
  };
}

/** @see https://istio.io/latest/docs/reference/config/networking/virtual-service/#CorsPolicy */
export function cors(
  policy: CorsPolicy | undefined,
  request: TestRequest,
): { preflight?: Headers; answer: Headers } {
  const { origin } = request.headers;
  if (!policy || origin === undefined) return { answer: {} };
  const { allowOrigins = [], allowOrigin = [], allowCredentials } = policy;
  const allowed =
    allowOrigins.length > 0
      ? allowOrigins.some((one) => says(one, origin))
      : allowOrigin.some((one) => one === '*' || one === origin);
  const asks = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  if (!allowed)
    return asks && policy.unmatchedPreflights === 'IGNORE' ? { preflight: {}, answer: {} } : { answer: {} };
  const common = {
    'access-control-allow-origin': origin,
    ...(allowCredentials && { 'access-control-allow-credentials': 'true' }),
  };
  if (!asks)
    return { answer: { ...common, ...joined('access-control-expose-headers', policy.exposeHeaders) } };
  const maxAge = policy.maxAge === undefined ? undefined : [String(milliseconds(policy.maxAge) / 1000)];
  const preflight = {
    ...common,
    ...joined('access-control-allow-methods', policy.allowMethods),
    ...joined('access-control-allow-headers', policy.allowHeaders),
    ...joined('access-control-max-age', maxAge),
  };
  return { preflight, answer: {} };
}

function joined(name: string, values: readonly string[] | undefined): Headers {
  return values?.length ? { [name]: values.join(',') } : {};
}

function says(condition: StringMatch, text: string): boolean {
  if ('exact' in condition) return text === condition.exact;
  if ('prefix' in condition) return text.startsWith(condition.prefix);
  return RE2JS.compile(condition.regex).matches(text);
}

import type { HttpRequest } from './call.js';
import { headerOf } from './call.js';
import type { StringMatcher } from './envoy-config.js';
import { matchesString } from './string-match.js';

interface CorsPolicy {
  readonly allow_origin_string_match?: readonly StringMatcher[];
  readonly allow_methods?: string;
  readonly allow_headers?: string;
  readonly expose_headers?: string;
  readonly max_age?: string;
  readonly allow_credentials?: boolean;
  readonly forward_not_matching_preflights?: boolean;
}

type AnswerHeaders = Readonly<Record<string, string>>;

/**
 * What the CORS filter does: answer a preflight, or add headers to an answer.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter
 */
export function corsOf(
  policy: CorsPolicy | undefined,
  request: HttpRequest,
): { readonly preflight?: AnswerHeaders; readonly answer: AnswerHeaders } {
  const origin = headerOf(request, 'origin');
  if (!policy || !origin) return { answer: {} };
  const allowed = (policy.allow_origin_string_match ?? []).some((matcher) => matchesString(matcher, origin));
  if (isPreflight(request)) {
    if (allowed) return { preflight: preflightHeaders(policy, origin), answer: {} };
    return policy.forward_not_matching_preflights === false ? { preflight: {}, answer: {} } : { answer: {} };
  }
  if (!allowed) return { answer: {} };
  const exposed = policy.expose_headers;
  return {
    answer: {
      ...originHeaders(policy, origin),
      ...(exposed && { 'access-control-expose-headers': exposed }),
    },
  };
}

function isPreflight(request: HttpRequest): boolean {
  return request.method === 'OPTIONS' && !!headerOf(request, 'access-control-request-method');
}

function originHeaders({ allow_credentials: credentials }: CorsPolicy, origin: string): AnswerHeaders {
  return {
    'access-control-allow-origin': origin,
    ...(credentials && { 'access-control-allow-credentials': 'true' }),
  };
}

function preflightHeaders(policy: CorsPolicy, origin: string): AnswerHeaders {
  const { allow_methods: methods, allow_headers: headers, max_age: maxAge } = policy;
  return {
    ...originHeaders(policy, origin),
    ...(methods && { 'access-control-allow-methods': methods }),
    ...(headers && { 'access-control-allow-headers': headers }),
    ...(maxAge && { 'access-control-max-age': maxAge }),
  };
}

import type { Call, HttpRequest } from './call.js';
import { headerOf } from './call.js';
import { endpointsOf } from './cluster.js';
import type {
  Config,
  HashPolicy,
  HeaderFields,
  RetryPolicy,
  Route,
  RouteAction,
  WeightedCluster,
} from './envoy-config.js';
import { requestChanges, responseChanges } from './header-changes.js';
import type { Forward, ForwardTarget, Retry } from './outcome.js';
import { queryOf, rewrittenPath } from './path.js';
import { millisecondsOf, percentOf } from './values.js';

/** Envoy's timeout where a route states none. */
const DEFAULT_TIMEOUT = '15s';

/** A request that is sent on. `around` are the levels of headers outside the route: virtual host, route table. */
export function forwarded(
  config: Config,
  route: Route & { readonly route: RouteAction },
  call: Call & { readonly http: HttpRequest },
  around: readonly HeaderFields[],
): Omit<Forward, 'cors'> {
  const { timeout = DEFAULT_TIMEOUT, retry_policy: retry, hash_policy: hash = [] } = route.route;
  return {
    kind: 'forward',
    targets: chosenClusters(route.route, call.http).map((cluster) =>
      target(config, route, call.http, cluster, around),
    ),
    timeoutMs: millisecondsOf(timeout),
    ...(retry && { retry: retryOf(retry) }),
    mirrors: (route.route.request_mirror_policies ?? []).map(({ cluster, runtime_fraction: fraction }) => {
      return {
        cluster,
        percent: percentOf(fraction?.default_value),
        endpoints: endpointsOf(config, cluster),
      };
    }),
    hash: hash.map((policy) => hashed(policy, call)),
  };
}

function chosenClusters(action: RouteAction, request: HttpRequest): WeightedCluster[] {
  const { cluster, cluster_header: header, weighted_clusters: weighted } = action;
  if (weighted) return weighted.clusters.filter(({ weight = 0 }) => weight > 0);
  return [{ name: cluster ?? headerOf(request, header ?? '') ?? '', weight: 1 }];
}

function target(
  config: Config,
  route: Route & { readonly route: RouteAction },
  { path, authority }: HttpRequest,
  cluster: WeightedCluster,
  around: readonly HeaderFields[],
): ForwardTarget {
  const { prefix_rewrite: prefix, regex_rewrite: regex, host_rewrite_literal: host } = route.route;
  const levels = [cluster, route, ...around];
  return {
    cluster: cluster.name,
    weight: cluster.weight ?? 0,
    endpoints: endpointsOf(config, cluster.name),
    path: rewrittenPath(path, route.match, { prefix, regex }),
    authority: host || cluster.host_rewrite_literal || authority,
    request: requestChanges(...levels),
    response: responseChanges(...levels),
  };
}

function retryOf(policy: RetryPolicy): Retry {
  const { per_try_timeout: perTry, retry_back_off: backoff } = policy;
  return {
    on: (policy.retry_on ?? '').split(',').filter(Boolean),
    statusCodes: policy.retriable_status_codes ?? [],
    attempts: policy.num_retries ?? 1,
    ...(perTry && { perTryTimeoutMs: millisecondsOf(perTry) }),
    ...(backoff?.base_interval && { backoffMs: millisecondsOf(backoff.base_interval) }),
    otherEndpoints: (policy.retry_host_predicate ?? []).length > 0,
    otherLocalities: policy.retry_priority !== undefined,
  };
}

function hashed(
  policy: HashPolicy,
  { http, source }: Call & { readonly http: HttpRequest },
): Forward['hash'][number] {
  const { header, cookie, query_parameter: query } = policy;
  if (header)
    return { by: `header ${header.header_name}`, value: headerOf(http, header.header_name.toLowerCase()) };
  if (cookie) return { by: `cookie ${cookie.name}`, value: cookieOf(http, cookie.name) };
  if (query) return { by: `query ${query.name}`, value: queryOf(http.path).get(query.name) };
  return { by: 'source address', value: source?.address };
}

function cookieOf(request: HttpRequest, name: string): string | undefined {
  const pairs = (headerOf(request, 'cookie') ?? '').split(/; ?/);
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

import type { Place } from '#config';
import type { TrioOptions } from './trio.js';
import { routes, service } from './trio.js';

/** Rows whose rule says itself where it is enforced: each way of saying it, and the proxies that act then. */
export interface ModeProof {
  readonly row: 'EnvoyFilter patches' | 'Telemetry access-logging' | 'Telemetry tracing';
  readonly says: string;
  /** A statistic, or a text in the proxy's own output. */
  readonly stat?: string;
  readonly logged?: string;
  readonly places: readonly Place[];
}

export const MODE_HOST = 'app.default.svc.cluster.local';

const patch = (context: string): string => `
  - applyTo: HTTP_FILTER
    match:
      context: ${context}
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: INSERT_FIRST
      value:
        name: limit-${context}
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: by_${context.toLowerCase()}
          token_bucket: {max_tokens: 1000, tokens_per_fill: 1000, fill_interval: 1s}
          filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}`;

const CONTEXTS = { SIDECAR_OUTBOUND: 'caller', SIDECAR_INBOUND: 'callee', GATEWAY: 'gateway' } as const;
const ALL: readonly Place[] = ['callee', 'caller', 'gateway'];

const FILTER = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limits}
spec:
  configPatches:${[...Object.keys(CONTEXTS), 'ANY'].map(patch).join('')}
---`;

const provider = (name: string): string =>
  `{name: ${name}, envoyFileAccessLog: {path: /dev/stdout, logFormat: {text: "log-${name} %PROTOCOL%\\n"}}}`;
const zipkin = '{name: spans, zipkin: {service: collector.test, port: 9411}}';

const TELEMETRY = `
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: mesh, namespace: istio-system}
spec:
  accessLogging:
  - {match: {mode: SERVER}, providers: [{name: servers}]}
  - {match: {mode: CLIENT}, providers: [{name: clients}]}
  tracing: [{providers: [{name: spans}], randomSamplingPercentage: 100}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: collector}
spec:
  hosts: [collector.test]
  ports: [{number: 9411, name: http}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
---`;

export const MODE_PROOFS: readonly ModeProof[] = [
  ...Object.entries(CONTEXTS).map(([context, place]): ModeProof => {
    const stat = `by_${context.toLowerCase()}\\.http_local_rate_limit\\.enabled$`;
    return { row: 'EnvoyFilter patches', says: context, stat, places: [place] };
  }),
  {
    row: 'EnvoyFilter patches',
    says: 'ANY',
    stat: 'by_any\\.http_local_rate_limit\\.enabled$',
    places: ALL,
  },
  { row: 'Telemetry access-logging', says: 'SERVER', logged: 'log-servers HTTP', places: ['callee'] },
  {
    row: 'Telemetry access-logging',
    says: 'CLIENT',
    logged: 'log-clients HTTP',
    places: ['caller', 'gateway'],
  },
  {
    row: 'Telemetry tracing',
    says: 'every mode',
    stat: '^http\\..*\\.tracing\\.(random_sampling|service_forced|client_enabled)$',
    places: ALL,
  },
];

export const modes: TrioOptions = {
  mesh: `extensionProviders: [${provider('servers')}, ${provider('clients')}, ${zipkin}]`,
  config: ({ app }) => {
    const http = `[{route: [{destination: {host: ${MODE_HOST}}}]}]`;
    return `${service(MODE_HOST, app)}${routes(MODE_HOST, http)}${FILTER}${TELEMETRY}`;
  },
};

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Answer, Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

const HOST = 'a.default.svc.cluster.local';
const MANAGER = 'envoy.filters.network.http_connection_manager';
const TIMEOUT = 60_000;

/** An EnvoyFilter with patches in YAML's flow form, for the proxies with this label. */
function envoyFilter(app: string, ...patches: readonly string[]): string {
  return `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: ${app}}
spec: {workloadSelector: {labels: {app: ${app}}}, configPatches: [${patches.join(', ')}]}
---
`;
}

const filter = (sort: string, name: string, type: string, members: string): string =>
  `{name: ${name}, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.${sort}.${type}, ${members}}}`;

/** In front of the filter that sends a request on. */
const beforeRouter = `listener: {filterChain: {filter: {name: ${MANAGER}, subFilter: {name: envoy.filters.http.router}}}}`;

function luaPatch(context: string, header: string): string {
  const code = `function envoy_on_response(handle) handle:headers():add('x-lua', '${header}') end`;
  const lua = filter('http', 'lua', 'lua.v3.Lua', `default_source_code: {inline_string: "${code}"}`);
  return `{applyTo: HTTP_FILTER, match: {context: ${context}, ${beforeRouter}}, patch: {operation: INSERT_BEFORE, value: ${lua}}}`;
}

const always = (key: string): string =>
  `{runtime_key: ${key}, default_value: {numerator: 100, denominator: HUNDRED}}`;

const rateLimit = filter(
  'http',
  'limit',
  'local_ratelimit.v3.LocalRateLimit',
  `stat_prefix: limit, token_bucket: {max_tokens: 2, fill_interval: 600s},
   filter_enabled: ${always('enabled')}, filter_enforced: ${always('enforced')}`,
);

const connectionLimit = filter(
  'network',
  'connections',
  'local_ratelimit.v3.LocalRateLimit',
  'stat_prefix: connections, token_bucket: {max_tokens: 1, fill_interval: 600s}',
);

function service(port: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec:
  hosts: [${HOST}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http}]
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
---
`;
}

describe('EnvoyFilters, by what real Envoys do with calls', () => {
  let app: Upstream;
  const start = async (type: string, name: string, config: string, metadata: object) =>
    startSidecar({
      config: service(app.port) + config,
      nodeId: `${type}~10.0.0.1~${name}.default~default.svc.cluster.local`,
      metadata: { LABELS: { app: name }, ...metadata },
      identity: await (await TestCa.create()).issue(`spiffe://cluster.local/ns/default/sa/${name}`),
    });
  /** A sidecar whose client names it as its HTTP proxy. */
  const client = async (name: string, ...patches: readonly string[]) => {
    const port = await freePort();
    const metadata = { INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(port) };
    const envoy = await start('sidecar', name, envoyFilter(name, ...patches), metadata);
    return { envoy, get: (): Promise<Answer> => viaProxy(port, `http://${HOST}/`) };
  };

  beforeAll(async () => {
    app = await startUpstream('a');
  }, TIMEOUT);

  afterAll(() => app.close());

  it(
    'a sidecar runs a Lua script, states a header of a merged route, and counts a merged cluster by its new name',
    async () => {
      const header = `{applyTo: HTTP_ROUTE, match: {context: SIDECAR_OUTBOUND, routeConfiguration: {vhost: {name: "${HOST}:80"}}},
        patch: {operation: MERGE, value: {response_headers_to_add: [{header: {key: x-route, value: merged}}]}}}`;
      const cluster = `{applyTo: CLUSTER, match: {cluster: {service: ${HOST}, portNumber: 80}},
        patch: {operation: MERGE, value: {alt_stat_name: patched}}}`;
      const { envoy, get } = await client('caller', luaPatch('SIDECAR_OUTBOUND', 'sidecar'), header, cluster);
      const { status, headers } = await get();
      expect([status, headers['x-lua'], headers['x-route']]).toEqual([200, 'sidecar', 'merged']);
      expect(await envoy.stats('^cluster.patched.upstream_rq_200$')).toEqual(
        new Map([['cluster.patched.upstream_rq_200', 1]]),
      );
    },
    TIMEOUT,
  );

  it(
    'a sidecar takes as many requests as a local rate limit allows, and no more',
    async () => {
      const patch = `{applyTo: HTTP_FILTER, match: {${beforeRouter}}, patch: {operation: INSERT_FIRST, value: ${rateLimit}}}`;
      const { get } = await client('limited', patch);
      const statuses = [];
      for (let call = 0; call < 4; call++) statuses.push((await get()).status);
      expect(statuses).toEqual([200, 200, 429, 429]);
    },
    TIMEOUT,
  );

  it(
    'a network filter stands in front of the one that it was inserted before',
    async () => {
      const patch = `{applyTo: NETWORK_FILTER, match: {context: SIDECAR_OUTBOUND, listener: {filterChain: {filter: {name: ${MANAGER}}}}},
        patch: {operation: INSERT_BEFORE, value: ${connectionLimit}}}`;
      const { get } = await client('connecting', patch);
      expect((await get()).status).toBe(200);
      await expect(get()).rejects.toThrow(/hang up|ECONNRESET/);
    },
    TIMEOUT,
  );

  it(
    'a gateway runs a Lua script, and a sidecar not that of the gateway',
    async () => {
      const port = await freePort();
      const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front}
spec: {selector: {app: edge}, servers: [{port: {number: ${port}, name: http, protocol: HTTP}, bind: 127.0.0.1, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front}
spec: {hosts: ["*"], gateways: [front], http: [{route: [{destination: {host: ${HOST}}}]}]}
---
`;
      const patches = [luaPatch('GATEWAY', 'edge'), luaPatch('SIDECAR_OUTBOUND', 'sidecar')];
      await start('router', 'edge', gateway + envoyFilter('edge', ...patches), {});
      const { status, headers } = await viaProxy(port, 'http://any.example.com/');
      expect([status, headers['x-lua']]).toEqual([200, 'edge']);
    },
    TIMEOUT,
  );
});

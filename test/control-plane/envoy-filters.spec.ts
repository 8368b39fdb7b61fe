import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Operation } from '#common/config-log';
import { MESH_CONFIG_KEY } from '#config';
import { freePort, until, type RunningEnvoy } from '#common/testing';
import { ask, closeClients, startProxy, startUpstream } from '../../apps/pilot/src/ads/testing/ads-rig.js';
import type { ProxyHolding } from '../../apps/pilot/src/debug/proxy-status.js';
import { viaProxy } from '../../apps/pilot/src/testing/upstream.js';
import { heldConfig } from '../support/config-dump.js';
import { PilotRig } from '../support/pilot.js';

const HOST = 'a.default.svc.cluster.local';
const URL = `http://${HOST}/`;
const TIMEOUT = 180_000;
const ORIGIN = { file: 'filters.yaml', line: 7 };

function content(spec: unknown): string {
  return JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec });
}

function put(kind: string, name: string, spec: unknown): Operation {
  return {
    op: 'put',
    key: `networking.istio.io/${kind}/default/${name}`,
    content: content(spec),
    origin: ORIGIN,
  };
}

const keyOf = (name: string) => `networking.istio.io/EnvoyFilter/default/${name}`;
const drop = (name: string): Operation => ({ op: 'delete', key: keyOf(name) });

/** An EnvoyFilter with one patch. */
function filter(name: string, applyTo: string, patch: object, match: object = {}): Operation {
  return put('EnvoyFilter', name, { configPatches: [{ applyTo, match, patch }] });
}

const LUA = 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua';
const MANAGER = { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } };

/** An HTTP filter in front of all others, in what sidecars send. */
function httpFilter(name: string, type: string, config: object): Operation {
  const typed_config = { '@type': `type.googleapis.com/envoy.extensions.filters.http.${type}`, ...config };
  const patch = { operation: 'INSERT_FIRST', value: { name, typed_config } };
  return filter(name, 'HTTP_FILTER', patch, { context: 'SIDECAR_OUTBOUND', listener: MANAGER });
}

function lua(name: string, code: string): Operation {
  return httpFilter(name, 'lua.v3.Lua', { default_source_code: { inline_string: code } });
}

const tagging = (name: string) =>
  lua(name, `function envoy_on_response(handle) handle:headers():add("x-${name}", "yes") end`);

describe.each(['delta', 'sotw'] as const)(
  'EnvoyFilters, from the config log to a real Envoy (%s)',
  (kind) => {
    let pilot: PilotRig;
    let proxy: RunningEnvoy;
    let port: number;
    const metadata = (entry: number) => ({
      INTERCEPTION_MODE: 'NONE',
      HTTP_PROXY_PORT: String(entry),
      WORKLOAD_ENTRY: 'client',
    });
    const holding = () => pilot.get<ProxyHolding[]>('/debug/syncz');
    const commit = async (...operations: Operation[]) => {
      const revision = await pilot.commit(operations);
      const held = async () => {
        const all = await holding();
        return all.length > 0 && all.every((each) => each.revision >= revision);
      };
      await until(held, { what: `the proxy to hold revision ${revision}` });
    };
    const header = async (name: string, entry = port) => (await viaProxy(entry, URL)).headers[name];
    const refusals = async () => {
      const metrics = await (await fetch(`http://${pilot.http}/metrics`)).text();
      const counts = [...metrics.matchAll(/^pilot_total_xds_rejects\{[^}]*\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const withdrawn = async () => (await holding())[0]?.withdrawn ?? [];

    beforeAll(async () => {
      const upstream = await startUpstream('a');
      const service = put('ServiceEntry', 'a', {
        hosts: [HOST],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '127.0.0.1', ports: { http: upstream.port } }],
      });
      const mesh: Operation = {
        op: 'put',
        key: MESH_CONFIG_KEY,
        content: content({ enableAutoMtls: false }),
        origin: ORIGIN,
      };
      pilot = await PilotRig.start([mesh, service]);
      port = await freePort();
      proxy = await startProxy(pilot.xds, kind, 'a', metadata(port));
      await until(async () => (await ask(port, HOST, URL)) === '200 a', { what: 'the first answer' });
    }, TIMEOUT);

    afterAll(async () => {
      closeClients();
      await proxy?.stop();
      await pilot?.stop();
    }, TIMEOUT);

    /** A bad EnvoyFilter, and the words that Envoy has for it. */
    const BAD: [string, Operation, RegExp][] = [
      ['a script that does not compile', lua('bad', 'function ('), /script load error/],
      [
        'a filter that Envoy does not have',
        httpFilter('bad', '', {
          '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
          type_url: 'type.googleapis.com/no.such.Filter',
          value: {},
        }),
        /Didn't find a registered implementation/,
      ],
      [
        'a config that breaks a rule of the API',
        httpFilter('bad', 'local_ratelimit.v3.LocalRateLimit', { stat_prefix: '' }),
        /LocalRateLimit\.stat_prefix/,
      ],
      [
        'a cluster that contradicts itself',
        filter(
          'bad',
          'CLUSTER',
          {
            operation: 'MERGE',
            value: {
              lb_policy: 'RING_HASH',
              ring_hash_lb_config: { minimum_ring_size: 9, maximum_ring_size: 3 },
            },
          },
          { cluster: { service: HOST } },
        ),
        /minimum_ring_size/,
      ],
      [
        'a route with a bad pattern',
        filter(
          'bad',
          'HTTP_ROUTE',
          {
            operation: 'INSERT_FIRST',
            value: { match: { safe_regex: { regex: '(' } }, direct_response: { status: 200 } },
          },
          { context: 'SIDECAR_OUTBOUND' },
        ),
        /missing \)/,
      ],
      [
        'a listener on a port that there is not',
        filter('bad', 'LISTENER', {
          operation: 'ADD',
          value: { name: 'bad', address: { socket_address: { address: '127.0.0.1', port_value: 99_999 } } },
        }),
        /PortValue|port_value/i,
      ],
    ];

    it.each(BAD)(
      'leaves out %s, and nothing else',
      async (_what, bad, words) => {
        await commit(tagging('good'));
        await until(async () => (await header('x-good')) === 'yes');
        const before = await heldConfig(proxy);
        const refused = await refusals();
        await commit(bad);
        const [left] = await until(async () => ((await withdrawn()).length > 0 ? withdrawn() : undefined), {
          what: 'the culprit to be named',
        });
        expect(left).toMatchObject({ config: keyOf('bad'), message: expect.stringMatching(words) });
        await until(async () => expect(await heldConfig(proxy)).toEqual(before) ?? true);
        expect(await header('x-good')).toBe('yes');
        expect((await refusals()) - refused).toBeLessThanOrEqual(6);
        const metrics = await (await fetch(`http://${pilot.http}/metrics`)).text();
        expect(metrics).toContain(`pilot_withdrawn_configs{config="${keyOf('bad')}"} 1`);

        const [fresh, freshPort] = await startFresh();
        expect(await header('x-good', freshPort)).toBe('yes');
        await fresh.stop();
        const settled = await refusals();

        // Another edit does not bring it back; another content does.
        await commit(tagging('other'));
        await until(async () => (await header('x-other')) === 'yes');
        expect(await refusals()).toBe(settled);
        await commit(tagging('bad'));
        await until(async () => (await header('x-bad')) === 'yes', { what: 'the mended filter' });
        expect(await withdrawn()).toEqual([]);
        await commit(drop('bad'), drop('other'), drop('good'));
        await until(async () => (await header('x-good')) === undefined);
      },
      TIMEOUT,
    );

    it(
      'finds the culprit among several, and brings the others back',
      async () => {
        await commit(lua('bad', 'x = (function ('), tagging('one'), tagging('two'));
        await until(async () => (await withdrawn()).length === 1, { what: 'the culprit to be named' });
        expect(await withdrawn()).toMatchObject([{ config: keyOf('bad') }]);
        const both = async () => {
          return (await header('x-one')) === 'yes' && (await header('x-two')) === 'yes';
        };
        await until(both, { what: 'the innocent ones to work' });
        await commit(drop('bad'), drop('one'), drop('two'));
        expect(await withdrawn()).toEqual([]);
      },
      TIMEOUT,
    );

    it(
      'changes the config of a filter that Envoy asks for by name, and not the listener',
      async () => {
        const source = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
        const asking = {
          applyTo: 'HTTP_FILTER',
          match: { context: 'SIDECAR_OUTBOUND', listener: MANAGER },
          patch: {
            operation: 'INSERT_FIRST',
            value: { name: 'script', config_discovery: { config_source: source, type_urls: [LUA] } },
          },
        };
        const script = (answer: string) => {
          const code = `function envoy_on_response(handle) handle:headers():add("x-script", "${answer}") end`;
          const typed_config = { '@type': LUA, default_source_code: { inline_string: code } };
          const patch = { operation: 'ADD', value: { name: 'script', typed_config } };
          const spec = { configPatches: [asking, { applyTo: 'EXTENSION_CONFIG', patch }] };
          return put('EnvoyFilter', 'script', spec);
        };
        await commit(script('one'));
        await until(async () => (await header('x-script')) === 'one');
        const listeners = await added();
        await commit(script('two'));
        await until(async () => (await header('x-script')) === 'two');
        expect(await added()).toBe(listeners);
        await commit(drop('script'));
        await until(async () => (await header('x-script')) === undefined);
        expect(await withdrawn()).toEqual([]);
      },
      TIMEOUT,
    );

    /** How many listeners Envoy was sent and took, first or anew. */
    async function added(): Promise<string> {
      const filter = encodeURIComponent('^listener_manager.listener_(added|modified)$');
      return (await fetch(`${proxy.admin}/stats?filter=${filter}`)).text();
    }

    async function startFresh(): Promise<[RunningEnvoy, number]> {
      const entry = await freePort();
      const envoy = await startProxy(pilot.xds, kind, 'fresh', metadata(entry));
      await until(async () => (await ask(entry, HOST, URL)) === '200 a', {
        what: 'an answer through a fresh proxy',
      });
      return [envoy, entry];
    }
  },
);

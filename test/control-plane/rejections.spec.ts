import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Operation } from '#common/config-log';
import { freePort, until, type RunningEnvoy } from '#common/testing';
import { canonicalJson, MESH_CONFIG_KEY, resourceKey, type ResourceKey } from '#config';
import {
  ask,
  closeClients,
  startLoad,
  startProxy,
  startUpstream,
} from '../../apps/pilot/src/ads/testing/ads-rig.js';
import type { ProxyHolding, WithdrawnConfig } from '../../apps/pilot/src/debug/proxy-status.js';
import { heldConfig } from '../support/config-dump.js';
import { PilotRig } from '../support/pilot.js';

const TIMEOUT = 120_000;
const ORIGIN = { file: 'mesh.yaml', line: 3 };
const host = (name: string) => `${name}.default.svc.cluster.local`;

function content(spec: unknown): string {
  return canonicalJson({ labels: {}, annotations: {}, creationTimestamp: '', spec });
}

const key = (kind: string, name: string): ResourceKey =>
  resourceKey('networking.istio.io', kind, 'default', name);

function put(kind: string, name: string, spec: unknown): Operation {
  return { op: 'put', key: key(kind, name), content: content(spec), origin: ORIGIN };
}

function service(name: string, port: number, more: object = {}): Operation {
  return put('ServiceEntry', name, {
    hosts: [host(name)],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '127.0.0.1', ports: { http: port } }],
    ...more,
  });
}

/** A resource of host `b` whose forms can be told apart by a mark, and which Envoy refuses for what `flaw` adds. */
type Made = (mark: string, flaw?: object) => Operation;

const route: Made = (mark, flaw) => {
  const to = [{ destination: { host: host('b') } }];
  return put('VirtualService', 'b', { hosts: [host('b')], http: [{ name: mark, route: to, ...flaw }] });
};
const rule: Made = (mark, flaw) =>
  put('DestinationRule', 'b', {
    host: host('b'),
    trafficPolicy: { tls: { mode: 'SIMPLE', sni: mark }, ...flaw },
  });
const entry: Made = (mark, flaw) => {
  const endpoints = [{ address: '127.0.0.1', ports: { http: 9 }, locality: mark }];
  return put('ServiceEntry', 'c', {
    hosts: [host('c')],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints,
    ...flaw,
  });
};
const filter: Made = (mark, flaw) => {
  const typed = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
  };
  const value = { name: mark, typed_config: typed, ...flaw };
  const manager = { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } };
  const match = { context: 'SIDECAR_OUTBOUND', listener: manager };
  const patch = { operation: 'INSERT_FIRST', value };
  return put('EnvoyFilter', 'b', { configPatches: [{ applyTo: 'HTTP_FILTER', match, patch }] });
};
const pattern: Made = (mark, flaw) => {
  const value = { name: mark, match: { prefix: '/nowhere' }, direct_response: { status: 200 }, ...flaw };
  const patch = { operation: 'INSERT_FIRST', value };
  return put('EnvoyFilter', 'b', {
    configPatches: [{ applyTo: 'HTTP_ROUTE', match: { context: 'SIDECAR_OUTBOUND' }, patch }],
  });
};

const typedStruct = {
  typed_config: {
    '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
    type_url: 'type.googleapis.com/no.such.Filter',
    value: {},
  },
};

/** What breaks a rule that the API states: no proxy ever sees it. */
const BROKEN_RULES: [what: string, Made, flaw: object, words: RegExp][] = [
  [
    'a number that the API does not allow',
    rule,
    { outlierDetection: { maxEjectionPercent: 300 } },
    /value must be less than or equal to 100/,
  ],
  [
    'a status that the API does not allow',
    route,
    { fault: { abort: { httpStatus: 9_999, percentage: { value: 1 } } } },
    /FaultAbort.http_status: value must be greater than or equal to 200 and less than 600/,
  ],
  [
    'a port that is none',
    entry,
    { endpoints: [{ address: '127.0.0.1', ports: { http: 99_999 } }] },
    /SocketAddress.port_value: value must be less than or equal to 65535/,
  ],
];

/** What Envoy refuses, by what it says. */
const REFUSED: typeof BROKEN_RULES = [
  [
    'a command operator that Envoy does not know',
    route,
    { headers: { response: { set: { x: '%NOPE(x)%' } } } },
    /^Not supported field in StreamInfo: NOPE$/,
  ],
  [
    'a certificate that is not there',
    rule,
    { tls: { mode: 'SIMPLE', caCertificates: '/no/such/ca.pem' } },
    /Invalid path/,
  ],
  [
    'a domain that another service has',
    entry,
    { hosts: [host('c'), host('b').toUpperCase()] },
    /Only unique values for domains/,
  ],
  ['an extension that Envoy does not have', filter, typedStruct, /Didn't find a registered implementation/],
  ['a pattern that RE2 does not take', pattern, { match: { safe_regex: { regex: '(' } } }, /^missing \):/],
];

const FLAWS = [...BROKEN_RULES, ...REFUSED];

/** Virtual hosts one by one, whole tables over delta, and over SotW. */
const PROXIES = [
  ['vhds', 'delta', true],
  ['delta', 'delta', false],
  ['sotw', 'sotw', false],
] as const;

describe('what Envoy refuses', () => {
  let pilot: PilotRig;
  const proxies: RunningEnvoy[] = [];
  let port: number;

  const start = async (name: string, kind: 'delta' | 'sotw', vhds: boolean, entryPort: number) => {
    const metadata = {
      INTERCEPTION_MODE: 'NONE',
      HTTP_PROXY_PORT: String(entryPort),
      WORKLOAD_ENTRY: 'client',
      QUARTET_VHDS: vhds,
    };
    const envoy = await startProxy(pilot.xds, kind, name, metadata);
    await until(async () => (await ask(entryPort, host('a'), `http://${host('a')}/`)) === '200 a', {
      what: `an answer through ${name}`,
    });
    return envoy;
  };
  const holding = () => pilot.get<ProxyHolding[]>('/debug/syncz');
  const withdrawn = async (): Promise<readonly WithdrawnConfig[]> => (await holding())[0]?.withdrawn ?? [];
  const refusals = async () => {
    const metrics = await (await fetch(`http://${pilot.http}/metrics`)).text();
    const counts = [...metrics.matchAll(/^pilot_total_xds_rejects\{[^}]*\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const commit = async (...operations: Operation[]) => {
    const revision = await pilot.commit(operations);
    await until(async () => (await holding()).every((each) => each.revision >= revision), {
      what: `the proxies to hold revision ${revision}`,
    });
  };
  const held = () => Promise.all(proxies.map(heldConfig));
  const holdsAll = async (mark: string) =>
    (await held()).every((config) => JSON.stringify(config).includes(mark));

  beforeAll(async () => {
    const [a, b] = [await startUpstream('a'), await startUpstream('b')];
    const mesh: Operation = {
      op: 'put',
      key: MESH_CONFIG_KEY,
      content: content({ enableAutoMtls: false }),
      origin: ORIGIN,
    };
    pilot = await PilotRig.start([mesh, service('a', a.port), service('b', b.port)]);
    port = await freePort();
    for (const [index, [name, kind, vhds]] of PROXIES.entries())
      proxies.push(await start(name, kind, vhds, index === 0 ? port : await freePort()));
  }, TIMEOUT);

  afterAll(async () => {
    closeClients();
    for (const proxy of proxies) await proxy.stop();
    await pilot?.stop();
  }, TIMEOUT);

  afterEach(async () => {
    const made = [...FLAWS.map(([, make]) => make('').key), key('ServiceEntry', 'd')];
    await commit(...[...new Set(made)].map((key): Operation => ({ op: 'delete', key })));
  }, TIMEOUT);

  it.each(FLAWS)(
    '%s: is withdrawn to its last good form, for all and alone',
    async (_what, make, flaw, words) => {
      await commit(make('first'));
      expect(await holdsAll('first')).toBe(true);
      const before = await held();
      const load = startLoad(port, host('a'), `http://${host('a')}/`);
      const isSent = REFUSED.some(([, , each]) => each === flaw);
      const sofar = await refusals();

      await commit(make('second', flaw));
      const [found] = await until(async () => ((await withdrawn()).length > 0 ? withdrawn() : undefined), {
        what: 'the culprit to be named',
      });
      expect(found).toMatchObject({ config: make('').key, inForce: 'last good form' });
      expect(found!.message).toMatch(words);
      expect(found!.proxy !== undefined).toBe(isSent);
      if (!isSent) expect(await refusals()).toBe(sofar);
      await until(async () => expect(await held()).toEqual(before) ?? true);

      // Whoever comes later never sees it, and another edit does not bring it back.
      const refused = await refusals();
      const newcomer = await start('newcomer', 'delta', true, await freePort());
      expect(JSON.stringify(await heldConfig(newcomer))).toContain('first');
      const rejected = await newcomer.stats('update_rejected|\\.rejected');
      expect([...rejected.values()].reduce((sum, count) => sum + count, 0)).toBe(0);
      await newcomer.stop();
      await commit(service('d', 9));
      expect(await refusals()).toBe(refused);

      await commit(make('third'));
      expect(await withdrawn()).toEqual([]);
      expect(await holdsAll('third')).toBe(true);
      expect([...(await load.stop()).keys()]).toEqual(['200 a']);
    },
    TIMEOUT,
  );

  it(
    'stays at its last good form over a restart of Pilot, whose new proxies never see it',
    async () => {
      const bad = { headers: { response: { set: { x: '%NOPE(x)%' } } } };
      await commit(route('first'));
      await pilot.commit([route('second', bad)]);
      await until(async () => (await withdrawn()).length > 0, { what: 'the culprit to be named' });
      await pilot.process.stop();
      await pilot.startPilot();
      const back = async () => (await holding()).length === PROXIES.length;
      await until(back, { what: 'the proxies to come back', timeout: 30_000 });
      expect(await withdrawn()).toMatchObject([{ config: route('').key, inForce: 'last good form' }]);
      const newcomer = await start('newcomer', 'delta', true, await freePort());
      expect(JSON.stringify(await heldConfig(newcomer))).toContain('first');
      expect(await refusals()).toBe(0);
      await newcomer.stop();
      await commit(route('third'));
      expect(await holdsAll('third')).toBe(true);
      expect(await withdrawn()).toEqual([]);
    },
    TIMEOUT,
  );
});

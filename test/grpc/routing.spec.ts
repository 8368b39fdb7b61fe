import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import { PilotRig } from '../support/pilot.js';
import { startBackend, stopBackends } from './backend.js';
import { drop, hostOf, mesh, put, service } from './mesh.js';
import { pythonWithGrpc, startClient, type Ask, type Calls } from './programs.js';

const TIMEOUT = 180_000;
const ECHO = `xds:///${hostOf('echo')}:80`;
const { path: python, missing } = pythonWithGrpc();
if (missing) process.stderr.write(`left out: calls by grpcio: ${missing}\n`);

const only = (subset: string) => [{ destination: { host: 'echo', subset } }];
const to = (method: string) => [{ uri: { exact: `/echo.Echo/${method}` } }];

/** Shares of v1 and v2 where nothing else decides. */
function virtualService(v1: number, v2: number) {
  return put('VirtualService', 'echo', {
    hosts: ['echo'],
    http: [
      { match: to('Beta'), route: only('v2') },
      { match: to('Flaky'), route: only('v1'), retries: { attempts: 3, retryOn: 'unavailable' } },
      { match: to('Silent'), route: only('v1'), timeout: '0.3s' },
      {
        match: to('Aborted'),
        route: only('v1'),
        fault: { abort: { grpcStatus: 'NOT_FOUND', percentage: { value: 100 } } },
      },
      {
        match: [{ uri: { prefix: '/echo.Echo/Without' }, withoutHeaders: { 'x-old': { exact: 'yes' } } }],
        route: only('v2'),
      },
      { match: [{ uri: { prefix: '/echo.Echo/Without' } }], route: only('v1') },
      { match: [{ headers: { 'x-user': { regex: 'jas.*' } } }], route: only('v2') },
      { match: [{ headers: { 'x-moved': {} } }], redirect: { uri: '/elsewhere' } },
      {
        route: [
          { destination: { host: 'echo', subset: 'v1' }, weight: v1 },
          { destination: { host: 'echo', subset: 'v2' }, weight: v2 },
        ],
      },
    ],
  });
}

const subset = (version: string) => ({ name: version, labels: { version } });

describe.each([
  ['grpc-js', undefined],
  ['grpcio', python],
])('%s, without a proxy', (client, interpreter) => {
  const where = client === 'grpcio' && !python ? it.skip : it;
  let pilot: PilotRig;
  let ask: Ask;
  const ports: Record<string, number> = {};
  const single = async (calls: Omit<Calls, 'target'>) => Object.keys(await ask({ target: ECHO, ...calls }));
  const become = (calls: Calls, answers: object) =>
    until(async () => expect(await ask(calls)).toEqual(answers) ?? true, { timeout: 20_000 });

  beforeAll(async () => {
    for (const name of ['v1', 'v2', 'near', 'far']) ports[name] = await startBackend(name);
    const at = (name: string) => ports[name] ?? 0;
    const version = (name: string) => ({ port: at(name), labels: { version: name } });
    pilot = await PilotRig.start([
      mesh(),
      service('echo', [version('v1'), version('v2')]),
      put('DestinationRule', 'echo', { host: 'echo', subsets: [subset('v1'), subset('v2')] }),
      virtualService(80, 20),
      service('wide', [
        { port: at('near'), locality: 'eu/north' },
        { port: at('far'), locality: 'us/east' },
      ]),
      put('DestinationRule', 'wide', { host: 'wide', trafficPolicy: { outlierDetection: {} } }),
      service('hashed', [{ port: at('v1') }, { port: at('v2') }, { port: at('near') }, { port: at('far') }]),
      put('DestinationRule', 'hashed', {
        host: 'hashed',
        trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
      }),
    ]);
    if (client === 'grpcio' && !python) return;
    ask = await startClient({ xds: pilot.xds, name: 'caller', locality: 'eu' }, interpreter);
  }, TIMEOUT);

  afterAll(async () => {
    stopBackends();
    await pilot?.stop();
  }, TIMEOUT);

  where.each([ECHO, 'xds:///echo:80', 'xds:///echo.default:80', 'xds:///echo.default.svc:80'])(
    'calls %s, by weights',
    async (target) => {
      const { v1 = 0, v2 = 0 } = await ask({ target, calls: 200 });
      expect(v1 + v2).toBe(200);
      // Six standard deviations around a fifth.
      expect(v2).toBeGreaterThan(6);
      expect(v2).toBeLessThan(74);
    },
    TIMEOUT,
  );

  where.each<[string, string, Omit<Calls, 'target'>]>([
    ['by path', 'v2', { method: '/echo.Echo/Beta', calls: 20 }],
    ['by header', 'v2', { metadata: { 'x-user': 'jason' }, calls: 20 }],
    ['by a header that is missing', 'v2', { method: '/echo.Echo/Without', calls: 20 }],
    ['by a header with another value', 'v2', { method: '/echo.Echo/Without', metadata: { 'x-old': 'no' } }],
    ['by a header that is there', 'v1', { method: '/echo.Echo/Without', metadata: { 'x-old': 'yes' } }],
    ['again where a call failed', 'v1', { method: '/echo.Echo/Flaky', calls: 5 }],
    ['until its time is over', 'DEADLINE_EXCEEDED', { method: '/echo.Echo/Silent' }],
    ['not at all where a fault strikes', 'NOT_FOUND', { method: '/echo.Echo/Aborted', calls: 5 }],
    ['not at all where a client can do no such thing', 'UNAVAILABLE', { metadata: { 'x-moved': '1' } }],
  ])('calls %s', async (_what, answer, calls) => expect(await single(calls)).toEqual([answer]), TIMEOUT);

  where(
    'sends calls with one header to one endpoint, and all of them to several',
    async () => {
      const answers = new Set<string>();
      for (let user = 0; user < 20; user++) {
        const metadata = { 'x-user': `user-${user}` };
        const found = Object.keys(await ask({ target: 'xds:///hashed:80', metadata, calls: 5 }));
        expect(found).toHaveLength(1);
        answers.add(found[0] ?? '');
      }
      expect(answers.size).toBeGreaterThan(1);
    },
    TIMEOUT,
  );

  where(
    'follows changes, and goes far only where nothing is near',
    async () => {
      await pilot.commit([virtualService(0, 100)]);
      await become({ target: ECHO, calls: 20 }, { v2: 20 });
      const wide = { target: 'xds:///wide:80', calls: 20 };
      await become(wide, { near: 20 });
      await pilot.commit([service('wide', [{ port: ports['far'] ?? 0, locality: 'us/east' }])]);
      await become(wide, { far: 20 });
      await pilot.commit([drop('ServiceEntry', 'wide')]);
      await become(wide, { UNAVAILABLE: 20 });
    },
    TIMEOUT,
  );
});

import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { freePort, startEnvoy, until, type RunningEnvoy } from '#common/testing';
import { HttpClient } from '../../apps/cli/src/demo/measure/http-client.js';
import { adsBootstrap, startUpstream } from '../../apps/pilot/src/ads/testing/ads-rig.js';
import { hostOf, MESH, put, serviceEntry } from '../histories/support/resources.js';
import { PilotRig } from '../support/pilot.js';

jest.setTimeout(120_000);

/** Seconds in which an endpoint grows from a tenth of its share to all of it. */
const WARMUP = 8;
/** While it is so young, in milliseconds, an endpoint has at most a third of its weight. */
const YOUNG = 2_000;

const ADDRESS = '127.96.0.1';
const NODE = `sidecar~${ADDRESS}~client.default~default.svc.cluster.local`;

let pilot: PilotRig;
let envoy: RunningEnvoy;
let client: HttpClient;
const upstreams = new Map<string, number>();

const portOf = (name: string): number => upstreams.get(name) ?? 0;

beforeAll(async () => {
  for (const name of ['old', 'new-1', 'new-2', 'new-3'])
    upstreams.set(name, (await startUpstream(name)).port);
  const loadBalancer = { simple: 'ROUND_ROBIN', warmup: { duration: `${WARMUP}s`, minimumPercent: 10 } };
  const rule = put('DestinationRule', 'a', { host: hostOf('a'), trafficPolicy: { loadBalancer } });
  pilot = await PilotRig.start([MESH, serviceEntry('a', ['old'], portOf), rule]);
  const port = await freePort();
  const metadata = { NAMESPACE: 'default', INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(port) };
  envoy = await startEnvoy(adsBootstrap(pilot.xds, 'delta', { id: NODE, metadata }));
  client = new HttpClient(ADDRESS, port);
}, 120_000);
afterAll(async () => {
  client?.close();
  await envoy?.stop();
  await pilot?.stop();
});

const call = async (): Promise<string> => (await client.get('/', { host: `${hostOf('a')}:18080` })).body;

async function shareOf(
  name: string,
  counts: (calls: number) => boolean,
): Promise<{ calls: number; share: number }> {
  let [calls, hits] = [0, 0];
  for (; counts(calls); calls++) if ((await call()) === name) hits += 1;
  return { calls, share: hits / calls };
}

it('a new endpoint gets little at first, and its share in the end', async () => {
  await until(async () => (await call()) === 'old', { timeout: 60_000 });
  const since = performance.now();
  await until(() => performance.now() - since > WARMUP * 1_000, {
    what: 'the old one to be warm',
    timeout: 60_000,
  });
  // On a machine that stands still for a second nothing is learnt: then the next one is looked at.
  let young = { calls: 0, share: 1 };
  let name = '';
  for (let n = 1; n <= 3 && (young.calls < 50 || young.share === 0); n++) {
    name = `new-${n}`;
    const before = performance.now();
    await pilot.commit([serviceEntry('a', ['old', name], portOf)]);
    young = await shareOf(name, () => performance.now() - before < YOUNG);
  }
  expect(young.calls).toBeGreaterThanOrEqual(50);
  expect(young.share).toBeGreaterThan(0);
  expect(young.share).toBeLessThan(0.3);
  const isWarm = async (): Promise<boolean> => (await shareOf(name, (calls) => calls < 40)).share >= 0.45;
  await until(isWarm, { what: 'the new one to be warm', timeout: 60_000 });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import { checkHttp } from './support/cases.js';
import type { HttpCase } from './support/cases.js';
import type { SidecarScene } from './support/scene.js';
import { service, sidecarScene, subsets } from './support/scene.js';

const hashed = (name: string, hash: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${name}, trafficPolicy: {loadBalancer: {consistentHash: ${hash}}}}
---`;

const NAMES = ['one', 'two', 'three'];
/** Where a user goes depends on the ports that the test got: of so many, all go to one in a run of 10^18. */
const USERS = Array.from({ length: 40 }, (_, index) => `user-${index}`);
const HASHES: readonly (readonly [name: string, hash: string, call: (key: string) => Partial<HttpCase>])[] = [
  ['by-header', '{httpHeaderName: x-user}', (key) => ({ headers: { 'x-user': key } })],
  ['by-query', '{httpQueryParameterName: user}', (key) => ({ path: `/?user=${key}` })],
  ['by-cookie', '{httpCookie: {name: user, ttl: 0s}}', (key) => ({ headers: { cookie: `user=${key}` } })],
  ['by-maglev', '{httpHeaderName: x-user, maglev: {}}', (key) => ({ headers: { 'x-user': key } })],
  ['by-source', '{useSourceIp: true}', () => ({})],
];

describe('a DestinationRule', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    scene = await sidecarScene({
      backends: NAMES,
      config: (portOf, ports) => {
        const endpoints = NAMES.map((name) => ({ name, port: portOf(name) }));
        const services = HASHES.map(([name, hash]) => service(name, ports, endpoints) + hashed(name, hash));
        const pinned =
          service('pinned', ports, endpoints) +
          hashed('pinned', '{httpCookie: {name: pin, path: /, ttl: 60s}}');
        const plain =
          service('plain', ports, endpoints) +
          subsets('plain', NAMES, '{loadBalancer: {simple: ROUND_ROBIN}}');
        return [...services, pinned, plain].join('');
      },
    });
  }, 60_000);

  const servers = async (count: number, one: HttpCase): Promise<Set<string | undefined>> => {
    const calls = Array.from({ length: count }, () => checkHttp(scene, one));
    return new Set((await Promise.all(calls)).map(({ served }) => served?.name));
  };

  it.each(HASHES)('keeps a user at one endpoint: %s', async (authority, _hash, call) => {
    const all = new Set<string | undefined>();
    for (const key of USERS) {
      const found = await servers(2, { name: key, authority, by: NAMES, ...call(key) });
      expect(found.size).toBe(1);
      found.forEach((name) => all.add(name));
    }
    if (authority !== 'by-source') expect(all.size).toBeGreaterThan(1);
  });

  it('gives a user a cookie that keeps him', async () => {
    const first = await checkHttp(scene, { name: 'first', authority: 'pinned', by: NAMES });
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
    expect(cookie).toMatch(/^pin="?[0-9a-f]+/);
    const next = await servers(6, { name: 'next', authority: 'pinned', by: NAMES, headers: { cookie } });
    expect([...next]).toEqual([first.served?.name]);
  });

  it('takes turns', async () => {
    expect((await servers(9, { name: 'turns', authority: 'plain', by: NAMES })).size).toBe(3);
  });
});

/** The client is in region one, zone a. */
const LOCALITIES = [
  { name: 'near', locality: 'one/a' },
  { name: 'next', locality: 'one/b' },
  { name: 'far', locality: 'two/c' },
];

describe('localities', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    const policy =
      '{outlierDetection: {consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 100s, maxEjectionPercent: 100}}';
    scene = await sidecarScene({
      backends: LOCALITIES.map(({ name }) => name),
      authority: 'placed',
      proxy: { metadata: { LABELS: { app: 'client' } } },
      config: (portOf, ports) =>
        client +
        service(
          'placed',
          ports,
          LOCALITIES.map(({ name, locality }) => ({ name, locality, port: portOf(name) })),
        ) +
        subsets('placed', [], policy),
    });
  }, 60_000);

  const client = `
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: client}
spec: {address: 127.77.0.1, locality: one/a, labels: {app: client}}
---`;

  it('are used from the nearest on, and the next where one falls', async () => {
    const near = { name: 'near', by: 'near' };
    for (let index = 0; index < 10; index += 1) await checkHttp(scene, near);
    scene.backend('near').close();
    const next = { name: 'next', by: 'next' };
    await until(() => checkHttp(scene, next).then(() => true), { what: 'the next locality' });
    for (let index = 0; index < 10; index += 1) await checkHttp(scene, next);
    scene.backend('next').close();
    const far = { name: 'far', by: 'far' };
    await until(() => checkHttp(scene, far).then(() => true), { what: 'the far locality' });
    for (let index = 0; index < 10; index += 1) await checkHttp(scene, far);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import type { ClientSidecar } from './client-sidecar.js';
import { mesh, startClient } from './client-sidecar.js';
import type { Answer, Upstream } from './upstream.js';
import { startUpstream } from './upstream.js';

/** Which endpoints a real Envoy takes, as DestinationRules say. */
const NAMES = ['near', 'zone', 'region', 'far', 'other'] as const;
const PLACES = ['us/east/1', 'us/east/2', 'us/west/1', 'eu/north/1', 'as/south/1'];
const OUTLIER =
  'outlierDetection: {consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 300s, maxEjectionPercent: 100}';

let apps: Upstream[] = [];
let client: ClientSidecar;

const hash = (settings: string): string => `trafficPolicy: {loadBalancer: {consistentHash: {${settings}}}}`;
const locality = (settings: string, more = OUTLIER): string =>
  `trafficPolicy: {loadBalancer: {localityLbSetting: {${settings}}}, ${more}}`;

beforeAll(async () => {
  apps = await Promise.all(NAMES.map(startUpstream));
  const endpoints = apps.map(({ port }, n) => {
    const labels = `labels: {version: ${n % 2 ? 'v2' : 'v1'}, rack: r${n}}`;
    return `{address: 127.0.0.1, ports: {http: ${port}}, locality: ${PLACES[n]}, ${labels}}`;
  });
  client = await startClient(
    mesh(
      { host: 'header.example.com', endpoints, rule: hash('httpHeaderName: x-user') },
      { host: 'query.example.com', endpoints, rule: hash('httpQueryParameterName: user, maglev: {}') },
      {
        host: 'cookie.example.com',
        endpoints,
        rule: hash(
          'httpCookie: {name: user, path: /shop, ttl: 60s, attributes: [{name: SameSite, value: Strict}]}',
        ),
      },
      { host: 'near.example.com', endpoints, rule: `trafficPolicy: {${OUTLIER}}` },
      { host: 'failover.example.com', endpoints, rule: locality('failover: [{from: us, to: as}]') },
      { host: 'labels.example.com', endpoints, rule: locality('failoverPriority: [version, rack=r3]') },
      { host: 'off.example.com', endpoints, rule: locality('enabled: false') },
      {
        host: 'share.example.com',
        endpoints,
        rule: locality(
          'distribute: [{from: us/east/1, to: {us/east/*: 60, eu/*: 40}}]',
          'connectionPool: {tcp: {maxConnections: 100}}',
        ),
      },
      {
        host: 'subsets.example.com',
        endpoints,
        rule: 'subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]',
      },
    ) + SUBSET_ROUTES,
    { labels: { 'istio-locality': 'us.east.1', version: 'v2' } },
  );
}, 60_000);

const SUBSET_ROUTES = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: subsets}
spec:
  hosts: [subsets.example.com]
  http:
  - {match: [{uri: {prefix: /v1}}], route: [{destination: {host: subsets.example.com, subset: v1}}]}
  - {route: [{destination: {host: subsets.example.com, subset: v2}}]}
`;

afterAll(() => apps.forEach((app) => app.close()));

async function who(url: string, headers: Record<string, string> = {}): Promise<string> {
  return (await client.get(url, headers)).body;
}

async function several(times: number, ask: (n: number) => Promise<string>): Promise<string[]> {
  return Promise.all(Array.from({ length: times }, (_, n) => ask(n)));
}

describe('a consistent hash', () => {
  it.each([
    ['a header', (user: number) => who('http://header.example.com/', { 'x-user': `u${user}` })],
    ['a query parameter', (user: number) => who(`http://query.example.com/?user=${user}`)],
    ['a cookie', (user: number) => who('http://cookie.example.com/', { cookie: `user=u${user}` })],
  ])('by %s keeps each user at one endpoint, and divides the users', async (_by, ask) => {
    const taken = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const answers = new Set(await several(4, () => ask(user)));
      expect(answers.size).toBe(1);
      for (const answer of answers) taken.add(answer);
    }
    expect(taken.size).toBeGreaterThan(2);
  });

  it('gives whoever has no cookie one, which leads to the same endpoint', async () => {
    const { headers, body }: Answer = await client.get('http://cookie.example.com/shop');
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^user="?[^";]+"?; Max-Age=60; Path=\/shop; SameSite=Strict/);
    const [pair = ''] = cookie.split(';');
    expect(new Set(await several(5, () => who('http://cookie.example.com/shop', { cookie: pair })))).toEqual(
      new Set([body]),
    );
  });
});

it('a subset is those endpoints that have its labels', async () => {
  const [v1, v2] = [
    ['near', 'region', 'other'],
    ['zone', 'far'],
  ];
  for (const name of await several(30, () => who('http://subsets.example.com/v1')))
    expect(v1).toContain(name);
  for (const name of await several(30, () => who('http://subsets.example.com/'))) expect(v2).toContain(name);
});

describe('localities', () => {
  /** Who answers, and who after each of those has failed in turn. */
  async function succession(host: string, length: number): Promise<string[]> {
    const order: string[] = [];
    while (order.length < length) {
      // Envoy gathers changes of health for a second.
      const name = await until(async () => unless(order, await who(`http://${host}/`)), {
        what: `another endpoint than ${order.join()} of ${host}`,
      });
      expect(new Set(await several(10, () => who(`http://${host}/`)))).toEqual(new Set([name]));
      order.push(name);
      await failOnce(host, name);
    }
    return order;
  }

  function unless(names: readonly string[], name: string): string | undefined {
    return names.includes(name) ? undefined : name;
  }

  async function failOnce(host: string, name: string): Promise<void> {
    const app = apps[(NAMES as readonly string[]).indexOf(name)]!;
    app.status = 503;
    expect((await client.get(`http://${host}/`)).status).toBe(503);
    app.status = 200;
  }

  it('take over from each other, the nearer before the farther', async () => {
    expect(await succession('near.example.com', 3)).toEqual(['near', 'zone', 'region']);
    const last = await until(
      async () => {
        const taken = new Set(await several(40, () => who('http://near.example.com/')));
        return taken.has('region') ? undefined : taken;
      },
      { what: 'other regions to take over' },
    );
    expect([...last].sort()).toEqual(['far', 'other']);
  });

  it('take over as failover says', async () => {
    expect(await succession('failover.example.com', 5)).toEqual(['near', 'zone', 'region', 'other', 'far']);
  });

  it('give way to labels where these have priority', async () => {
    expect(await succession('labels.example.com', 2)).toEqual(['far', 'zone']);
  });

  it('are all the same where it is switched off', async () => {
    expect(new Set(await several(200, () => who('http://off.example.com/'))).size).toBe(5);
  });

  it('get the shares that are distributed, by their weights', async () => {
    const answers = await several(1_000, () => who('http://share.example.com/'));
    const count = (...names: string[]): number => answers.filter((name) => names.includes(name)).length;
    expect(count('region', 'other')).toBe(0);
    // Six standard deviations of a binomial distribution with p = 0.4, then p = 0.3.
    expect(Math.abs(count('far') - 400)).toBeLessThan(93);
    expect(Math.abs(count('near') - 300)).toBeLessThan(87);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import type { ClientSidecar } from './client-sidecar.js';
import { startClient } from './client-sidecar.js';
import type { Answer, Upstream } from './upstream.js';
import { startUpstream } from './upstream.js';

/** What a VirtualService's http says beyond the usual, seen at the applications behind a real Envoy. */
const ROUTES = `
- match: [{uri: {prefix: /delegated}, headers: {x-tenant: {}}}]
  delegate: {name: part}
  headers: {request: {set: {x-root: "yes"}}}
- match: [{uri: {prefix: /nobody}}]
  delegate: {name: missing}
- match: [{uri: {prefix: /present}, headers: {x-any: {regex: "*"}}, queryParams: {q: {}}}]
  directResponse: {status: 211}
- match: [{uri: {prefix: /absent}, withoutHeaders: {x-token: {regex: "*"}, x-version: {prefix: v1}}}]
  directResponse: {status: 212}
- match: [{uri: {exact: /CaSe}, ignoreUriCase: true, method: {regex: "GET|PUT"}, scheme: {exact: http}}]
  directResponse: {status: 213}
- match: [{uri: {prefix: /authority}, authority: {prefix: "shop.default:"}}]
  directResponse: {status: 214}
- match: [{uri: {prefix: /mine}, sourceLabels: {app: client}}]
  directResponse: {status: 215}
- match: [{uri: {prefix: /theirs}, sourceLabels: {app: other}}, {uri: {prefix: /theirs}, port: 81}]
  directResponse: {status: 500}
- match: [{uri: {prefix: /old/}}]
  redirect: {prefixRewrite: /new/, scheme: https, redirectCode: 307}
- match: [{uri: {prefix: /moved}}]
  redirect: {authority: other.example.com, derivePort: FROM_REQUEST_PORT}
- match: [{uri: {prefix: /port}}]
  redirect: {authority: other.example.com, port: 8443, scheme: https}
- match: [{uri: {prefix: /large}}]
  directResponse: {status: 200, body: {string: "${'x'.repeat(100_000)}"}}
- match: [{uri: {exact: /exact}}]
  rewrite: {uri: /replaced}
  route: [{destination: {host: shop, subset: v1}}]
- match: [{uri: {prefix: /grpc}}]
  fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}
  route: [{destination: {host: shop}}]
- match: [{uri: {prefix: /sometimes}}]
  fault: {abort: {httpStatus: 555, percentage: {value: 25}}}
  route: [{destination: {host: shop, subset: v1}}]
- match: [{uri: {prefix: /no-percentage}}]
  fault: {abort: {httpStatus: 555}}
  route: [{destination: {host: shop, subset: v1}}]
- match: [{uri: {prefix: /never-copied}}]
  mirror: {host: copies}
  mirrorPercent: 0
  route: [{destination: {host: shop, subset: v1}}]
- match: [{uri: {prefix: /copied}}]
  mirrors: [{destination: {host: copies}, percentage: {value: 30}}, {destination: {host: shop, subset: v2}}]
  route: [{destination: {host: shop, subset: v1}}]
- match: [{uri: {prefix: /slow}}]
  retries: {attempts: 2, perTryTimeout: 60ms, retryOn: "gateway-error", retryIgnorePreviousHosts: false, backoff: 5ms}
  route: [{destination: {host: shop, subset: v1}}]
- match: [{uri: {prefix: /fail-once/elsewhere}}]
  retries: {attempts: 1, retryOn: "503", retryIgnorePreviousHosts: true}
  route: [{destination: {host: shop}}]
- match: [{uri: {prefix: /both}}]
  headers: {request: {add: {x-seen: route}}}
  route:
  - destination: {host: shop, subset: v1}
    weight: 50
    headers: {request: {add: {x-seen: v1}}, response: {set: {x-by: v1}}}
  - destination: {host: shop, subset: v2}
    weight: 50
    headers: {request: {set: {":authority": v2.example.com}, remove: [x-gone]}, response: {remove: [x-powered-by]}}
- match: [{uri: {prefix: /weightless}}]
  route:
  - {destination: {host: shop, subset: v1}, weight: 0}
  - {destination: {host: shop, subset: v2}, weight: 7, headers: {response: {set: {x-by: v2}}}}
- match: [{uri: {prefix: ""}}]
  headers: {response: {set: {x-percent: "100%% of %REQ(:METHOD)%"}}}
  route: [{destination: {host: shop, subset: v1}}]`;

const PART = `
- match: [{uri: {prefix: /delegated/answer}}]
  directResponse: {status: 210}
- match: [{uri: {prefix: /elsewhere}}]
  directResponse: {status: 500}
- route: [{destination: {host: shop, subset: v2}}]`;

const nested = (routes: string): string => routes.replaceAll('\n', '\n  ');

function config(v1: number, v2: number, copies: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: shop}
spec:
  hosts: [shop.default.svc.cluster.local]
  ports: [{number: 8080, name: http}]
  resolution: STATIC
  endpoints:
  - {address: 127.0.0.1, ports: {http: ${v1}}, labels: {version: v1}}
  - {address: 127.0.0.1, ports: {http: ${v2}}, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: copies}
spec:
  hosts: [copies.default.svc.cluster.local]
  ports: [{number: 80, name: http}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ${copies}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop}
spec:
  host: shop
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: part}
spec:
  http:${nested(PART)}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop]
  http:${nested(ROUTES)}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wide}
spec: {hosts: ["*.example.org"], http: [{directResponse: {status: 220}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: narrow}
spec: {hosts: ["*.a.example.org"], http: [{directResponse: {status: 221}}]}
`;
}

let apps: Upstream[] = [];
let client: ClientSidecar;

beforeAll(async () => {
  apps = await Promise.all(['v1', 'v2', 'copies'].map(startUpstream));
  const [v1 = 0, v2 = 0, copies = 0] = apps.map(({ port }) => port);
  client = await startClient(config(v1, v2, copies), { labels: { app: 'client' } });
}, 60_000);

afterAll(() => apps.forEach((app) => app.close()));

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  client.get(`http://shop:8080${path}`, headers);

async function many(count: number, path: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < count)
    answers.push(...(await Promise.all(Array.from({ length: 20 }, () => get(path)))));
  return answers;
}

const received = (app: Upstream | undefined, path: string) =>
  app?.seen.filter((seen) => seen.path === path) ?? [];

/** Six standard deviations of a binomial distribution. */
function deviations(count: number, share: number): number {
  return 6 * Math.sqrt(count * share * (1 - share));
}

describe('a delegate', () => {
  it('answers for its part under the conditions of both', async () => {
    expect((await get('/delegated/answer', { 'x-tenant': 'a' })).status).toBe(210);
    expect((await get('/delegated/rest', { 'x-tenant': 'a' })).body).toBe('v2');
    expect(received(apps[1], '/delegated/rest')[0]?.headers['x-root']).toBe('yes');
  });

  it('leaves to other routes what is not its own, and where it is missing only its route is', async () => {
    expect((await get('/delegated/answer')).body).toBe('v1');
    expect((await get('/elsewhere', { 'x-tenant': 'a' })).body).toBe('v1');
    expect((await get('/nobody')).body).toBe('v1');
  });
});

describe('a match', () => {
  it.each<[string, Record<string, string>, number]>([
    ['/present?q', { 'x-any': '' }, 211],
    ['/present?q=1', { 'x-any': '1' }, 211],
    ['/present?q', {}, 200],
    ['/present', { 'x-any': '1' }, 200],
    ['/absent', {}, 212],
    ['/absent', { 'x-version': 'v2' }, 212],
    ['/absent', { 'x-version': 'v10' }, 200],
    ['/absent', { 'x-token': '' }, 200],
    ['/case', {}, 213],
    ['/CASE', {}, 213],
    ['/mine', {}, 215],
    ['/theirs', {}, 200],
    ['/authority', {}, 200],
  ])('of %s with %j answers %i', async (path, headers, status) =>
    expect((await get(path, headers)).status).toBe(status),
  );

  it('tells the names of one host apart', async () =>
    expect((await client.get('http://shop.default:8080/authority')).status).toBe(214));

  it('of a host goes by the most specific of its wildcards', async () => {
    expect((await client.get('http://x.example.org/')).status).toBe(220);
    expect((await client.get('http://x.a.example.org/')).status).toBe(221);
  });
});

describe('an answer of its own', () => {
  it.each([
    ['/old/a/b?c=d', 307, 'https://shop:8080/new/a/b?c=d'],
    ['/moved/x', 301, 'http://other.example.com:8080/moved/x'],
    ['/port/x', 301, 'https://other.example.com:8443/port/x'],
  ])('redirects %s with %i to %s', async (path, status, location) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.location]).toEqual([status, location]);
  });

  it('may be long', async () => expect((await get('/large')).body).toHaveLength(100_000));
});

it('an exact path is rewritten whole, and its query kept', async () => {
  await get('/exact?a=b');
  expect(received(apps[0], '/replaced?a=b')).toHaveLength(1);
});

describe('a fault', () => {
  it('speaks gRPC where it is asked to', async () => {
    const { status, headers } = await get('/grpc', { 'content-type': 'application/grpc' });
    expect([status, headers['grpc-status']]).toEqual([200, '14']);
  });

  it('strikes its share of the requests, and none where no share is stated', async () => {
    const statuses = (await many(400, '/sometimes')).map(({ status }) => status);
    const struck = statuses.filter((status) => status === 555).length;
    expect(Math.abs(struck - statuses.length * 0.25)).toBeLessThan(deviations(statuses.length, 0.25));
    expect(new Set((await many(40, '/no-percentage')).map(({ status }) => status))).toEqual(new Set([200]));
  });
});

it('mirrors copy their share of the requests, each to its own destination, under the same name', async () => {
  await get('/never-copied');
  const { length } = await many(300, '/copied');
  await until(() => received(apps[1], '/copied').length === length, { what: 'all copies to v2' });
  const copies = (): number => received(apps[2], '/copied').length;
  await until(() => copies() > length * 0.3 - deviations(length, 0.3), { what: 'enough copies' });
  expect(copies()).toBeLessThan(length * 0.3 + deviations(length, 0.3));
  expect(received(apps[2], '/copied')[0]?.headers.host).toBe('shop:8080');
  expect(received(apps[2], '/never-copied')).toEqual([]);
});

describe('retries', () => {
  it('give each try its time, and end with their number', async () => {
    expect((await get('/slow')).status).toBe(504);
    // Envoy may have given the last try up before the application, which is this process, has heard of it.
    await until(() => received(apps[0], '/slow').length >= 3, { what: 'three tries' });
    expect(received(apps[0], '/slow')).toHaveLength(3);
  });

  it('go to another endpoint, as far as Envoy finds one in five tries', async () => {
    const paths = Array.from({ length: 60 }, (_none, call) => `/fail-once/elsewhere/${call}`);
    for (const path of paths) await get(path);
    const twice = paths.filter((path) => received(apps[0], path).length !== 1);
    // By chance alone it would be every other call; a choice of two hosts that misses six times is one in 64.
    expect(twice.length).toBeLessThan(15);
    expect(paths.flatMap((path) => [apps[0], apps[1]].flatMap((app) => received(app, path)))).toHaveLength(
      120,
    );
  });
});

describe('destinations of one route', () => {
  it('have header operations of their own', async () => {
    const answers = await many(60, '/both');
    const [byV1, byV2] = ['v1', 'v2'].map((name) => answers.filter(({ body }) => body === name));
    expect(byV1?.map(({ headers }) => headers['x-by'])).toEqual(byV1?.map(() => 'v1'));
    expect(byV2?.filter(({ headers }) => headers['x-powered-by'] || headers['x-by'])).toEqual([]);
    expect(received(apps[0], '/both')[0]?.headers).toMatchObject({
      'x-seen': 'v1, route',
      host: 'shop:8080',
    });
    expect(received(apps[1], '/both')[0]?.headers).toMatchObject({
      'x-seen': 'route',
      host: 'v2.example.com',
    });
  });

  it('keep them where the others have no weight', async () => {
    const { body, headers } = await get('/weightless');
    expect([body, headers['x-by']]).toEqual(['v2', 'v2']);
  });
});

it('header values know commands and percent signs', async () =>
  expect((await get('/anything')).headers['x-percent']).toBe('100% of GET'));

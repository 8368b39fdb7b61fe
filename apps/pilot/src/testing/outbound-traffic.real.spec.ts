import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, until } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Answer, Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

/** Traffic through the real Envoy with what was generated for a sidecar: what the golden files can only claim. */
const ROUTES = `
- match: [{headers: {end-user: {exact: jason}}}]
  route: [{destination: {host: reviews, subset: v2}}]
- match: [{uri: {regex: "/items/[0-9]+"}, queryParams: {v: {exact: "2"}}}]
  route: [{destination: {host: reviews, subset: v2}}]
- match: [{withoutHeaders: {x-token: {}}, uri: {prefix: /guarded}}]
  directResponse: {status: 401, body: {string: "who are you"}}
- match: [{uri: {prefix: /old}}]
  redirect: {uri: /new, authority: new.example.com, redirectCode: 308}
- match: [{uri: {prefix: /v1/}}]
  rewrite: {uri: /, authority: inside.example.com}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /service}}]
  rewrite: {uriRegexRewrite: {match: "^/service/([^/]+)(/.*)$", rewrite: '\\2/instance/\\1'}}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /abort}}]
  fault: {abort: {httpStatus: 555, percentage: {value: 100}}}
  route: [{destination: {host: reviews}}]
- match: [{uri: {prefix: /delay}}]
  fault: {delay: {fixedDelay: 150ms, percentage: {value: 100}}}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /fail-once/retried}}]
  retries: {attempts: 2, retryOn: "503", retryIgnorePreviousHosts: false}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /fail-once}}]
  retries: {attempts: 0}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /slow}}]
  timeout: 100ms
  retries: {attempts: 0}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /mirrored}}]
  mirror: {host: ratings, port: {number: 80}}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /cors}}]
  corsPolicy: {allowOrigins: [{exact: "https://a.example"}], allowMethods: [PUT], maxAge: 60s}
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /headers}}]
  headers:
    request: {set: {x-set: new}, add: {x-add: more}, remove: [x-gone]}
    response: {remove: [x-powered-by], set: {x-mesh: "yes"}}
  route: [{destination: {host: reviews, subset: v1}}]
- route:
  - {destination: {host: reviews, subset: v1}, weight: 80}
  - {destination: {host: reviews, subset: v2}, weight: 20}`;

function mesh(v1: number, v2: number, ratings: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  ports: [{number: 9080, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints:
  - {address: 127.0.0.1, ports: {http: ${v1}}, labels: {version: v1}}
  - {address: 127.0.0.1, ports: {http: ${v2}}, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ratings}
spec:
  hosts: [ratings.default.svc.cluster.local]
  ports: [{number: 80, name: http}, {number: 8080, name: http-alt}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ${ratings}, http-alt: ${v2}}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: hashed}
spec:
  hosts: [hashed.example.com]
  ports: [{number: 80, name: http}]
  resolution: STATIC
  endpoints:
  - {address: 127.0.0.1, ports: {http: ${v1}}}
  - {address: 127.0.0.1, ports: {http: ${v2}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: hashed}
spec:
  host: hashed.example.com
  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:${ROUTES.replaceAll('\n', '\n  ')}
`;
}

let apps: Upstream[] = [];
let port = 0;

beforeAll(async () => {
  apps = await Promise.all(['v1', 'v2', 'ratings'].map(startUpstream));
  const [v1, v2, ratings] = apps.map((app) => app.port);
  port = await freePort();
  await startSidecar({
    config: mesh(v1 ?? 0, v2 ?? 0, ratings ?? 0),
    nodeId: 'sidecar~10.0.0.1~client.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(port) },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client'),
  });
}, 60_000);

afterAll(() => apps.forEach((app) => app.close()));

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  viaProxy(port, `http://reviews:9080${path}`, { headers });

describe('the explicit proxy', () => {
  it.each([
    'http://reviews:9080/',
    'http://reviews/',
    'http://reviews.default:9080/',
    'http://reviews.default.svc:9080/',
    'http://reviews.default.svc.cluster.local:9080/',
    'http://hashed.example.com/',
  ])('serves %s', async (url) => expect((await viaProxy(port, url)).status).toBe(200));

  it('tells ports of one host apart, and takes 80 where none is named', async () => {
    expect((await viaProxy(port, 'http://ratings:8080/')).body).toBe('v2');
    expect((await viaProxy(port, 'http://ratings/')).body).toBe('ratings');
    expect((await viaProxy(port, 'http://ratings:80/')).body).toBe('ratings');
  });

  it('blocks what nobody serves', async () => {
    expect((await viaProxy(port, 'http://unknown.example.com/')).status).toBe(502);
    expect((await viaProxy(port, 'http://reviews:9999/')).status).toBe(502);
  });
});

describe('a VirtualService', () => {
  it('matches headers, patterns and query parameters', async () => {
    expect((await get('/', { 'end-user': 'jason' })).body).toBe('v2');
    expect((await get('/items/12?v=2')).body).toBe('v2');
    expect((await get('/guarded')).status).toBe(401);
    expect((await get('/guarded', { 'x-token': 'a' })).status).toBe(200);
  });

  it('divides by weight', async () => {
    const answers = await Promise.all(Array.from({ length: 300 }, () => get('/')));
    const toV2 = answers.filter(({ body }) => body === 'v2').length;
    // Six standard deviations of a binomial distribution with p = 0.2.
    expect(Math.abs(toV2 - 60)).toBeLessThan(42);
  });

  it('redirects', async () => {
    const { status, headers } = await get('/old/x');
    expect([status, headers.location]).toEqual([308, 'http://new.example.com/new']);
  });

  it('rewrites', async () => {
    await get('/v1/a');
    expect(apps[0]?.seen.at(-1)).toMatchObject({ path: '/a', headers: { host: 'inside.example.com' } });
    await get('/service/foo/v1/api');
    expect(apps[0]?.seen.at(-1)?.path).toBe('/v1/api/instance/foo');
  });

  it('injects faults', async () => {
    expect((await get('/abort')).status).toBe(555);
    const start = performance.now();
    expect((await get('/delay')).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(140);
  });

  it('retries, and does not where told so', async () => {
    expect((await get('/fail-once/retried')).status).toBe(200);
    expect((await get('/fail-once/at-once')).status).toBe(503);
  });

  it('ends what takes too long', async () => expect((await get('/slow')).status).toBe(504));

  it('mirrors', async () => {
    await get('/mirrored');
    const copy = await until(() => apps[2]?.seen.find(({ path }) => path === '/mirrored'), {
      what: 'the copy',
    });
    expect(copy?.headers.host).toBe('reviews:9080');
  });

  it('answers preflights', async () => {
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    const answer = await viaProxy(port, 'http://reviews:9080/cors', { method: 'OPTIONS', headers });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'PUT',
      'access-control-max-age': '60',
    });
  });

  it('changes headers both ways', async () => {
    const answer = await get('/headers', { 'x-gone': '1', 'x-set': 'old', 'x-add': 'one' });
    expect(answer.headers).toMatchObject({ 'x-mesh': 'yes' });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(apps[0]?.seen.at(-1)?.headers).toMatchObject({ 'x-set': 'new', 'x-add': 'one, more' });
    expect(apps[0]?.seen.at(-1)?.headers).not.toHaveProperty('x-gone');
  });
});

it('a consistent hash sends a user to one endpoint', async () => {
  for (const user of ['a', 'b', 'c', 'd']) {
    const calls = Array.from({ length: 5 }, () =>
      viaProxy(port, 'http://hashed.example.com/', { headers: { 'x-user': user } }),
    );
    expect(new Set((await Promise.all(calls)).map(({ body }) => body)).size).toBe(1);
  }
});

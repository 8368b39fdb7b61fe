import { beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import { http } from './support/calls.js';
import type { HttpCase } from './support/cases.js';
import { checkHttp } from './support/cases.js';
import type { SidecarScene } from './support/scene.js';
import { service, sidecarScene, subsets, virtualService } from './support/scene.js';

const ROUTE = '  route: [{destination: {host: reviews, subset: one}}]';
const on = (path: string, rest: string): string =>
  `- match: [{uri: {regex: ".*/${path}"}}]\n${rest}\n${ROUTE}`;
const ROUTES = [
  on('twice', '  retries: {attempts: 2, retryOn: 5xx, retryIgnorePreviousHosts: false, backoff: 1ms}'),
  on('codes', '  retries: {attempts: 3, retryOn: "503,418", retryIgnorePreviousHosts: false, backoff: 1ms}'),
  on('gateway', '  retries: {attempts: 1, retryOn: gateway-error, retryIgnorePreviousHosts: false}'),
  on('never', '  retries: {attempts: 0}'),
  on('patience', '  timeout: 100ms\n  retries: {attempts: 0}'),
  on('patient', '  timeout: 30s\n  retries: {attempts: 0}'),
  on(
    'tries',
    '  retries: {attempts: 2, perTryTimeout: 50ms, retryOn: "5xx", retryIgnorePreviousHosts: false}',
  ),
  on('abort', '  fault: {abort: {httpStatus: 555, percentage: {value: 100}}}'),
  on('never-aborted', '  fault: {abort: {httpStatus: 555, percentage: {value: 0}}}'),
  on('half', '  fault: {abort: {httpStatus: 555, percentage: {value: 50}}}'),
  on('delay', '  fault: {delay: {fixedDelay: 120ms, percentage: {value: 100}}}'),
  on('grpc', '  fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}'),
  on('copied', '  mirror: {host: reviews, subset: copy}'),
  on('seldom', '  mirror: {host: reviews, subset: copy}\n  mirrorPercentage: {value: 25}'),
  on('not-copied', '  mirror: {host: reviews, subset: copy}\n  mirrorPercentage: {value: 0}'),
  on(
    'twofold',
    '  mirrors: [{destination: {host: reviews, subset: copy}}, {destination: {host: reviews, subset: other}}]',
  ),
  `- match: [{uri: {prefix: /weights}}]
  route:
  - {destination: {host: reviews, subset: one}, weight: 75}
  - {destination: {host: reviews, subset: other}, weight: 25}
  - {destination: {host: reviews, subset: copy}, weight: 0}`,
  `- route: [{destination: {host: reviews, subset: one}}]`,
].join('\n');

/** How often the backend was asked. */
interface CountedCase extends HttpCase {
  readonly asked: number;
}

const counted = (name: string, path: string, asked: number, status = 200): CountedCase => {
  return { name, path, asked, status, ...(status < 504 && { by: 'one' }) };
};

const RETRIES: readonly CountedCase[] = [
  counted('until it succeeds', '/fail/1/twice', 2),
  counted('as often as it may', '/fail/2/x/twice', 3),
  counted('and then gives up', '/fail/9/twice', 3, 503),
  counted('listed statuses', '/status/418/codes', 4, 418),
  counted('no others', '/status/500/codes', 1, 500),
  counted('errors of gateways', '/status/502/gateway', 2, 502),
  counted('no others of servers', '/status/500/gateway', 1, 500),
  counted('nothing where told not to', '/status/503/never', 1, 503),
  counted('no answer of a server unless told', '/status/503/usual', 1, 503),
  counted('tries that take too long', '/slow/tries', 3, 504),
];

const OTHERS: readonly HttpCase[] = [
  { name: 'ends what takes too long', path: '/slow/patience', status: 504 },
  { name: 'has patience otherwise', path: '/quick/patient', by: 'one' },
  { name: 'aborts', path: '/abort', status: 555, body: 'fault filter abort' },
  { name: 'aborts nothing at 0 %', path: '/never-aborted', by: 'one' },
  {
    name: 'aborts gRPC by its status',
    path: '/grpc',
    method: 'POST',
    headers: { 'content-type': 'application/grpc' },
    answer: { 'grpc-status': '14' },
  },
  { name: 'delays', path: '/delay', by: 'one' },
  {
    name: "ends a gRPC call at its caller's deadline",
    path: '/slow/deadline',
    method: 'POST',
    headers: { 'content-type': 'application/grpc', 'grpc-timeout': '100m' },
    answer: { 'grpc-status': '4' },
  },
];

describe('a VirtualService', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    const names = ['one', 'other', 'copy'];
    scene = await sidecarScene({
      backends: names,
      config: (portOf, ports) =>
        service(
          'reviews',
          ports,
          names.map((name) => ({ name, port: portOf(name) })),
        ) +
        subsets('reviews', names) +
        virtualService('reviews', ROUTES),
    });
  }, 60_000);

  const asked = (backend: string, path: string): number =>
    scene.backend(backend).seen.filter((seen) => seen.path === path).length;

  it.each(RETRIES)('retries $name', async (one) => {
    await checkHttp(scene, one);
    const times = (): number => asked('one', one.path ?? '');
    // Envoy may have given the last try up before its backend, which is this process, has heard of it.
    await until(() => times() >= one.asked, { what: `${one.asked} tries` });
    expect(times()).toBe(one.asked);
  });

  it.each(OTHERS)('$name', async (one) => {
    const start = performance.now();
    await checkHttp(scene, one);
    if (one.path === '/delay') expect(performance.now() - start).toBeGreaterThan(100);
  });

  /** Six standard deviations on either side. */
  function expectShare(count: number, of: number, share: number): void {
    expect(Math.abs(count - of * share)).toBeLessThan(6 * Math.sqrt(of * share * (1 - share)));
  }

  /** Statuses and servers, without a word on what they should be: that is for all of them together. */
  const many = (count: number, path: string): Promise<{ status: number; by: string | undefined }[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const { status, served } = await http({
          port: scene.ports[0] ?? 0,
          authority: scene.authority,
          path,
        });
        return { status, by: served?.name };
      }),
    );

  it('aborts half of all', async () => {
    const answers = await many(200, '/half');
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 555]));
    expectShare(answers.filter(({ status }) => status === 555).length, 200, 0.5);
  });

  it('divides by weight, and nothing goes where the weight is 0', async () => {
    const answers = await many(300, '/weights');
    expect(new Set(answers.map(({ by }) => by))).toEqual(new Set(['one', 'other']));
    expectShare(answers.filter(({ by }) => by === 'other').length, 300, 0.25);
    expect(asked('copy', '/weights')).toBe(0);
  });

  it.each([
    { path: '/copied', copies: { copy: 1 } },
    { path: '/twofold', copies: { copy: 1, other: 1 } },
  ])('copies to all mirrors: $path', async ({ path, copies }) => {
    await checkHttp(scene, { name: path, path, by: 'one' });
    for (const [name, count] of Object.entries(copies))
      await until(() => asked(name, path) === count, { what: `the copy at ${name}` });
  });

  /** Requests that Envoy has sent to the subset of the copies. */
  async function sentCopies(): Promise<number> {
    const stats = await scene.proxy.envoy.stats('^cluster\\.outbound.*copy.*\\.upstream_rq_total$');
    expect(stats.size).toBe(1);
    return [...stats.values()][0] ?? 0;
  }

  it('copies a share', async () => {
    const before = await sentCopies();
    const rest = Array.from({ length: 200 }, (_none, index) => `/${index}/seldom`);
    await Promise.all(rest.map((path) => checkHttp(scene, { name: path, path, by: 'one' })));
    const copies = (): number =>
      scene.backend('copy').seen.filter(({ path }) => path.endsWith('/seldom')).length;
    // Copies travel on their own time: those count that Envoy has sent.
    await until(async () => copies() === (await sentCopies()) - before, { what: 'all copies to arrive' });
    expectShare(copies(), 200, 0.25);
  });

  it('copies nothing at 0 %', async () => {
    await checkHttp(scene, { name: 'none', path: '/not-copied', by: 'one' });
    // A later copy that has arrived: this one would have before.
    await checkHttp(scene, { name: 'later', path: '/later/copied', by: 'one' });
    await until(() => asked('copy', '/later/copied') === 1, { what: 'the later copy' });
    expect(asked('copy', '/not-copied')).toBe(0);
  });
});

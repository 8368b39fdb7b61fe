import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import type { ClientSidecar } from './client-sidecar.js';
import { mesh, startClient } from './client-sidecar.js';
import type { Upstream } from './upstream.js';
import { startUpstream } from './upstream.js';

/** What a real Envoy does where a DestinationRule sets limits. */
const pool = (settings: string): string => `trafficPolicy: {connectionPool: {${settings}}}`;

let [first, second]: Upstream[] = [];
let client: ClientSidecar;
const closing: (() => void)[] = [];

beforeAll(async () => {
  [first, second] = await Promise.all(['first', 'second'].map(startUpstream));
  closing.push(...[first, second].map((app) => () => app?.close()));
  const at = (port: number | undefined): string => `{address: 127.0.0.1, ports: {http: ${port}}}`;
  const one = [at(first?.port)];
  const both = [at(first?.port), at(second?.port)];
  const http2 = [at(await startHttp2())];
  const detect = 'consecutive5xxErrors: 2, interval: 1s, baseEjectionTime: 300s, maxEjectionPercent: 100';
  client = await startClient(
    mesh(
      {
        host: 'limited.example.com',
        endpoints: one,
        rule: pool('tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}'),
      },
      { host: 'unlimited.example.com', endpoints: one },
      { host: 'once.example.com', endpoints: one, rule: pool('http: {maxRequestsPerConnection: 1}') },
      { host: 'kept.example.com', endpoints: one },
      { host: 'upgraded.example.com', endpoints: http2, rule: pool('http: {h2UpgradePolicy: UPGRADE}') },
      {
        host: 'ejected.example.com',
        endpoints: both,
        rule: `trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {${detect}}}`,
      },
      {
        host: 'busy.example.com',
        endpoints: both,
        rule: `trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {${detect}, outlierDetectionHttpErrorCodes: [429]}}`,
      },
      {
        host: 'panic.example.com',
        endpoints: both,
        rule: `trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {${detect}, minHealthPercent: 60}}`,
      },
    ),
  );
}, 60_000);

afterAll(() => closing.forEach((close) => close()));

async function startHttp2(): Promise<number> {
  const server = createHttp2Server((request, response) => response.end(request.httpVersion));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.on('session', (session) => closing.push(() => session.destroy()));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Sends requests that are never answered, and gathers the answers that come nevertheless. */
function hang(host: string, times: number): number[] {
  const statuses: number[] = [];
  for (let n = 0; n < times; n++) {
    client.get(`http://${host}/slow/${n}`).then(
      ({ status }) => statuses.push(status),
      () => undefined,
    );
  }
  return statuses;
}

const stat = async (host: string, name: string): Promise<number> =>
  [...(await client.envoy.stats(`${host}.${name}$`)).values()][0] ?? 0;

it('a connection pool takes one request, lets one wait, and refuses the rest', async () => {
  hang('limited.example.com', 1);
  // Until it has a connection it is one of those that wait.
  await until(
    async () => (await stat('limited.example.com', 'upstream_rq_pending_active')) === 0 && first?.seen.length,
    {
      what: 'the request at the server',
    },
  );
  const statuses = hang('limited.example.com', 4);
  await until(() => Promise.resolve(statuses.length === 3), { what: 'three refusals' });
  expect(statuses).toEqual([503, 503, 503]);
  expect(await stat('limited.example.com', 'upstream_cx_total')).toBe(1);
});

it('without limits all are taken', async () => {
  const statuses = hang('unlimited.example.com', 20);
  await until(async () => (await stat('unlimited.example.com', 'upstream_rq_active')) === 20, {
    what: 'twenty requests',
  });
  expect(statuses).toEqual([]);
});

it('a connection ends with its last request', async () => {
  for (const host of ['once.example.com', 'kept.example.com'])
    for (let n = 0; n < 5; n++) expect((await client.get(`http://${host}/`)).status).toBe(200);
  expect(await stat('once.example.com', 'upstream_cx_total')).toBe(5);
  expect(await stat('kept.example.com', 'upstream_cx_total')).toBe(1);
});

it('HTTP/1.1 goes on as HTTP/2 where it is upgraded', async () => {
  expect((await client.get('http://upgraded.example.com/')).body).toBe('2.0');
});

describe('outlier detection', () => {
  const ask = async (host: string, times: number): Promise<string[]> =>
    (await Promise.all(Array.from({ length: times }, () => client.get(`http://${host}/`)))).map(
      ({ status, body }) => `${status} ${body}`,
    );

  it.each([
    ['ejected.example.com', 503, ['200 first']],
    ['busy.example.com', 429, ['200 first']],
    ['panic.example.com', 503, ['200 first', '503 second']],
  ])('of %s, where one answers %j, leaves %j', async (host, status, left) => {
    second!.status = status;
    expect(await ask(host, 2)).toContain(`${status} second`);
    await until(
      async () => {
        await ask(host, 4);
        return (await stat(host, 'outlier_detection.ejections_active')) === 1;
      },
      { what: 'an ejection' },
    );
    const answers = await until(
      async () => {
        const seen = [...new Set(await ask(host, 10))].sort();
        return seen.length === left.length ? seen : undefined;
      },
      { what: `answers of ${left.length} endpoints` },
    );
    expect(answers).toEqual(left);
  });

  it('takes for errors the statuses that the rule names, and no others', async () => {
    [first!.status, second!.status] = [503, 503];
    await ask('busy.example.com', 10);
    expect(await stat('busy.example.com', 'outlier_detection.ejections_active')).toBe(1);
  });
});

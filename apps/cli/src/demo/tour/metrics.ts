import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envoyStats, sumOf } from '../measure/envoy-admin.js';
import type { HttpAnswer } from '../measure/http-client.js';
import { SAMPLES } from '../workspace.js';
import { detour, MARK, takesEffect } from './routes.js';
import {
  added,
  countRows,
  differences,
  DURATIONS,
  HTTP_LABELS,
  REQUESTS,
  row,
  samplesOf,
  stableCounts,
} from './series.js';
import { check, type Step, type Tour } from './step.js';
import { asWorkload, WorkloadClient } from './workload-client.js';

const RATINGS = 'http://ratings:9080/ratings/0';
const RETRIES = 2;

/** Header by which a call of this step asks for a fault. */
const ROUTES = `
- match: [{ headers: { x-wish: { exact: abort } } }]
  fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
  route: [{ destination: { host: ratings, subset: v1 } }]
- match: [{ headers: { x-wish: { exact: retry } } }]
  retries: { attempts: ${RETRIES}, retryOn: 5xx }
  route: [{ destination: { host: ratings, subset: v1 } }]
- match: [{ headers: { x-wish: { exact: give-up } } }]
  retries: { attempts: ${RETRIES}, retryOn: 5xx }
  route: [{ destination: { host: ratings, subset: v1 } }]
- route: [{ destination: { host: ratings, subset: v1 } }]
  headers: { response: { set: { x-tour: metrics } } }`;

/** How many calls of each sort this run makes. */
interface Numbers {
  readonly products: number;
  readonly allowed: number;
  readonly denied: number;
  readonly aborted: number;
  readonly saved: number;
  readonly givenUp: number;
}

/** What each sort of call adds at the caller's and at the callee's reporter, retries counted by attempt there. */
function expectedRows(n: Numbers): ReadonlyMap<string, number> {
  const black = ['reviews', 'v2', 'ratings'];
  const red = ['reviews', 'v3', 'ratings'];
  const gateway = ['istio-ingressgateway', 'unknown', 'productpage', 'v1'];
  const details = ['productpage', 'v1', 'details', 'v1'];
  return new Map([
    [row('source', '200', '-', ...gateway), n.products],
    [row('destination', '200', '-', ...gateway), n.products],
    [row('source', '200', '-', ...details), n.products],
    [row('destination', '200', '-', ...details), n.products],
    // An abort never leaves the caller's proxy: no version is behind it, and the callee knows nothing.
    [row('source', '418', 'FI', ...black, 'unknown'), n.aborted],
    [row('source', '200', '-', ...black, 'v1'), n.allowed + n.saved],
    [row('source', '503', 'URX', ...black, 'v1'), n.givenUp],
    [row('destination', '200', '-', ...black, 'v1'), n.allowed + n.saved],
    [row('destination', '503', '-', ...black, 'v1'), n.saved * RETRIES + n.givenUp * (RETRIES + 1)],
    [row('source', '403', '-', ...red, 'v1'), n.denied],
    [row('destination', '403', 'UAEX', ...red, 'v1'), n.denied],
  ]);
}

async function sendAll({ mesh, gateway }: Tour, n: Numbers): Promise<void> {
  const black = new WorkloadClient(mesh, 'reviews-v2');
  const red = new WorkloadClient(mesh, 'reviews-v3');
  const failTwice = (wish: string, failures: number) => (index: number) =>
    black.get(`${RATINGS}/after/${failures}`, {
      headers: { 'x-wish': wish, 'x-request-id': `${wish}-${Date.now()}-${index}` },
    });
  await Promise.all([
    expectAll(
      200,
      black.many(n.products, () => gateway.get('/api/v1/products/0')),
    ),
    expectAll(
      200,
      black.many(n.allowed, () => black.get(RATINGS)),
    ),
    expectAll(
      418,
      black.many(n.aborted, () => black.get(RATINGS, { headers: { 'x-wish': 'abort' } })),
    ),
    expectAll(200, black.many(n.saved, failTwice('retry', RETRIES))),
    expectAll(503, black.many(n.givenUp, failTwice('give-up', RETRIES + 5))),
    expectAll(
      403,
      red.many(n.denied, () => red.get(RATINGS)),
    ),
  ]);
  for (const client of [black, red]) client.close();
}

async function expectAll(status: number, calls: Promise<HttpAnswer[]>): Promise<void> {
  const other = (await calls).find((answer) => answer.status !== status);
  check(other === undefined, `a call answered ${other?.status}, not ${status}: ${other?.body.slice(0, 100)}`);
}

/** The rules of this step in force: reviews-v3 denied, and faults and retries on demand. */
async function withRules<T>({ mesh, config }: Tour, action: () => Promise<T>): Promise<T> {
  const denial = readFileSync(join(SAMPLES, 'policy/deny-ratings.yaml'), 'utf8');
  return asWorkload(mesh, 'reviews-v3', (red) =>
    asWorkload(mesh, 'reviews-v2', (black) => {
      const call = () => black.get(RATINGS);
      const inForce = ({ headers }: HttpAnswer) => headers[MARK] === 'metrics';
      return config.with('deny-ratings.yaml', denial, async () => {
        await takesEffect('the rule', async () => (await red.get(RATINGS)).status === 403);
        return detour(config, { service: 'ratings', http: ROUTES, call, inForce, action });
      });
    }),
  );
}

async function exactCounts(tour: Tour): Promise<string> {
  const pick = () => randomInt(20, 60);
  const n = {
    products: pick(),
    allowed: pick(),
    denied: pick(),
    aborted: pick(),
    saved: pick(),
    givenUp: pick(),
  };
  const { metrics } = tour.mesh.controlPlane.mixer;
  const seen = await withRules(tour, async () => {
    const before = await stableCounts(metrics, REQUESTS);
    await sendAll(tour, n);
    return added(before, await stableCounts(metrics, REQUESTS));
  });
  const expected = expectedRows(n);
  const wrong = differences(expected, seen);
  check(wrong.length === 0, `${wrong.length} rows are wrong: ${wrong.join('; ')}`);
  const total = Object.values(n).reduce((sum, value) => sum + value, 0);
  return `${total} random calls; all ${expected.size} rows of both reporters exact, retries, faults and denials included`;
}

/** Both metrics have Istio's labels and agree with each other, and no Envoy has thrown an entry away. */
async function complete({ mesh }: Tour): Promise<string> {
  const samples = await samplesOf(mesh.controlPlane.mixer.metrics);
  const series = samples.filter(({ name }) => name === REQUESTS);
  const [first] = series;
  check(first !== undefined, `there is no ${REQUESTS}`);
  const labels = [...first.labels.keys()];
  check(labels.sort().join() === [...HTTP_LABELS].sort().join(), `the labels are ${labels.join(', ')}`);
  const wrong = differences(countRows(samples, REQUESTS), countRows(samples, DURATIONS));
  check(wrong.length === 0, `durations were counted otherwise: ${wrong.join('; ')}`);
  let dropped = 0;
  for (const { admin } of mesh.proxies)
    dropped += sumOf(await envoyStats(admin, 'logs_dropped'), 'logs_dropped');
  check(dropped === 0, `${dropped} access log entries were dropped`);
  return `${series.length} series with the ${labels.length} original labels; as many durations; no entry dropped`;
}

export const metricsSteps: readonly Step[] = [
  { name: '5 istio_requests_total', run: exactCounts },
  { name: '5 labels and durations', run: complete },
];

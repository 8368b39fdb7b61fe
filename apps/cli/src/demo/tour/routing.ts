import { envoyStats } from '../measure/envoy-admin.js';
import type { HttpAnswer } from '../measure/http-client.js';
import { Prober } from '../measure/prober.js';
import { binomialBounds, median } from '../measure/statistics.js';
import { detour, MARK, takesEffect, virtualService } from './routes.js';
import { check, type Step, type Tour } from './step.js';
import { asWorkload, reviewsVersion, WorkloadClient } from './workload-client.js';

const REVIEWS = 'http://reviews:9080/reviews/0';
const RATINGS = 'http://ratings:9080/ratings/0';
const DRAWS = 1_000;
const DELAY_MS = 300;
/** Envoy's timers count whole milliseconds of a clock of their own. */
const TIMER_MS = 1;
const LOAD_PER_SECOND = 200;

const mark = (value: string) => `headers: { response: { set: { ${MARK}: ${value} } } }`;
const isMarked = (value: string) => (answer: HttpAnswer) => answer.headers[MARK] === value;

async function weights({ mesh, config }: Tour): Promise<string> {
  const http = `
- route:
    - destination: { host: reviews, subset: v2 }
      weight: 90
    - destination: { host: reviews, subset: v3 }
      weight: 10
  ${mark('weights')}`;
  const answers = await asWorkload(mesh, 'productpage-v1', (client) => {
    const call = () => client.get(REVIEWS);
    const inForce = isMarked('weights');
    return detour(config, {
      service: 'reviews',
      http,
      call,
      inForce,
      action: () => client.many(DRAWS, call),
    });
  });
  const versions = answers.map(reviewsVersion);
  const red = versions.filter((version) => version === 'v3').length;
  const black = versions.filter((version) => version === 'v2').length;
  const { low, high } = binomialBounds(DRAWS, 0.1);
  check(red + black === DRAWS, `${DRAWS - red - black} of ${DRAWS} calls went elsewhere`);
  check(low <= red && red <= high, `${red} of ${DRAWS} went to v3, not ${low} to ${high}`);
  return `${black} to v2, ${red} to v3 of ${DRAWS} (${low} to ${high} expected)`;
}

async function byHeader({ mesh }: Tour): Promise<string> {
  return asWorkload(mesh, 'productpage-v1', async (client) => {
    const headers = { 'end-user': 'jason' };
    const jason = await client.many(50, () => client.get(REVIEWS, { headers }));
    const others = await client.many(50, () => client.get(REVIEWS));
    const [his, theirs] = [jason, others].map((answers) => new Set(answers.map(reviewsVersion)));
    check([...(his ?? [])].join() === 'v1', `jason saw ${[...(his ?? [])].join(', ')}`);
    check(!theirs?.has('v1'), 'somebody else saw v1');
    return `jason sees v1, 50 of 50; others ${[...(theirs ?? [])].sort().join(' and ')}`;
  });
}

async function delay({ mesh, config }: Tour): Promise<string> {
  const http = `
- fault:
    delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } }
  route:
    - destination: { host: ratings, subset: v1 }`;
  return asWorkload(mesh, 'reviews-v2', (client) => {
    const call = () => client.get(RATINGS);
    const inForce = ({ took }: HttpAnswer) => took >= DELAY_MS - TIMER_MS;
    const action = async () => {
      const answers = await client.many(10, call);
      const took = answers.map((answer) => answer.took);
      check(
        answers.every(({ status }) => status === 200),
        'a delayed call failed',
      );
      check(
        took.every((each) => each >= DELAY_MS - TIMER_MS),
        `a call took ${Math.min(...took).toFixed(0)} ms only`,
      );
      return `${DELAY_MS} ms wished for, ${median(took).toFixed(0)} ms seen`;
    };
    return detour(config, { service: 'ratings', http, call, inForce, action });
  });
}

async function abort({ mesh, config }: Tour): Promise<string> {
  const http = `
- fault:
    abort: { httpStatus: 418, percentage: { value: 100 } }
  route:
    - destination: { host: ratings, subset: v1 }`;
  return asWorkload(mesh, 'reviews-v2', (client) => {
    const call = () => client.get(RATINGS);
    const inForce = ({ status }: HttpAnswer) => status === 418;
    const action = async () => {
      const answers = await client.many(20, call);
      check(answers.every(inForce), 'a call got through');
      return '20 of 20 calls answered 418';
    };
    return detour(config, { service: 'ratings', http, call, inForce, action });
  });
}

async function retry({ mesh, config }: Tour): Promise<string> {
  const http = `
- retries: { attempts: 3, retryOn: 5xx, perTryTimeout: 2s }
  route:
    - destination: { host: ratings, subset: v1 }
  ${mark('retry')}`;
  return asWorkload(mesh, 'reviews-v2', async (client) => {
    const failTwice = (id: string) => client.get(`${RATINGS}/after/2`, { headers: { 'x-request-id': id } });
    const bare = await failTwice(`bare-${Date.now()}`);
    check(bare.status === 503, `the call fails with 503 by itself, not ${bare.status}`);
    const action = async () => {
      const answers = await client.many(10, (n) => failTwice(`saved-${Date.now()}-${n}`));
      const saved = answers.filter(({ status }) => status === 200).length;
      check(saved === 10, `${saved} of 10 failing calls were saved`);
      return '10 of 10 calls that fail twice were saved';
    };
    const call = () => client.get(RATINGS);
    return detour(config, { service: 'ratings', http, call, inForce: isMarked('retry'), action });
  });
}

/** v3 disappears from the rule, the route and the mesh's clusters, in one file, while everybody uses it. */
async function subsetRemoved(tour: Tour): Promise<string> {
  const { mesh, config } = tour;
  const client = new WorkloadClient(mesh, 'productpage-v1');
  const seen: string[] = [];
  const prober = new Prober(async () => {
    const answer = await client.get(REVIEWS);
    seen.push(reviewsVersion(answer));
    return { ok: answer.status === 200, detail: `${answer.status} ${answer.body.slice(0, 80)}` };
  }, LOAD_PER_SECOND);
  const { sent, failed, failures } = await prober.during(async () => {
    await takesEffect('both versions to be seen', () =>
      Promise.resolve(seen.includes('v2') && seen.includes('v3')),
    );
    await config.with('reviews.yaml', onlyVersionTwo(), async () => {
      await takesEffect('the cluster to go', async () => !(await hasCluster(tour, 'v3')));
      const after = seen.length;
      await takesEffect('calls after it', () => Promise.resolve(seen.length >= after + LOAD_PER_SECOND));
      const late = new Set(seen.slice(after + 20));
      check([...late].join() === 'v2', `after the removal ${[...late].join(', ')} answered`);
    });
    await takesEffect(
      'the subset to be back',
      async () => reviewsVersion(await client.get(REVIEWS)) === 'v3',
    );
  });
  client.close();
  check(failed === 0, `${failed} of ${sent} requests failed: ${failures[0]}`);
  return `removed and restored under ${LOAD_PER_SECOND} requests/s, 0 of ${sent} failed`;
}

function onlyVersionTwo(): string {
  const route = virtualService('reviews', '- route:\n    - destination: { host: reviews, subset: v2 }');
  return `${route}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
  namespace: default
spec:
  host: reviews
  subsets:
    - { name: v2, labels: { version: v2 } }
`;
}

async function hasCluster({ mesh }: Tour, subset: string): Promise<boolean> {
  const { admin } = mesh.proxy('productpage-v1');
  const cluster = `outbound\\|9080\\|${subset}\\|reviews`;
  return (await envoyStats(admin, `^cluster\\.${cluster}.*membership_total`)).size > 0;
}

export const routingSteps: readonly Step[] = [
  { name: '2 weights 90/10', run: weights },
  { name: '2 routing by header', run: byHeader },
  { name: '2 a delay', run: delay },
  { name: '2 an abort', run: abort },
  { name: '2 a retry', run: retry },
  { name: '2 a subset removed under load', run: subsetRemoved },
];

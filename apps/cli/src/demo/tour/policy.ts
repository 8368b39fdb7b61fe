import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLES } from '../workspace.js';
import { takesEffect } from './routes.js';
import { check, type Step, type Tour } from './step.js';
import { asWorkload } from './workload-client.js';

const RATINGS = 'http://ratings:9080/ratings/0';
const DETAILS = 'http://details:9080/details/0';
/** As policy/limit-details.yaml says. */
const LIMIT = 10;
const WINDOW_MS = 5_000;

const sample = (name: string) => readFileSync(join(SAMPLES, 'policy', name), 'utf8');

async function denier({ mesh, config }: Tour): Promise<string> {
  return asWorkload(mesh, 'reviews-v3', async (denied) =>
    asWorkload(mesh, 'reviews-v2', async (allowed) => {
      check((await denied.get(RATINGS)).status === 200, 'reviews-v3 is denied before there is a rule');
      const body = await config.with('deny-ratings.yaml', sample('deny-ratings.yaml'), async () => {
        await takesEffect('the rule', async () => (await denied.get(RATINGS)).status === 403);
        const others = await allowed.many(20, () => allowed.get(RATINGS));
        check(
          others.every(({ status }) => status === 200),
          'the rule hits reviews-v2 as well',
        );
        const answers = await denied.many(20, () => denied.get(RATINGS));
        check(
          answers.every(({ status }) => status === 403),
          'reviews-v3 got through',
        );
        return answers[0]?.body ?? '';
      });
      check(/^PERMISSION_DENIED:.*Not allowed/.test(body), `the answer says '${body}'`);
      await takesEffect('the withdrawal', async () => (await denied.get(RATINGS)).status === 200);
      return `reviews-v3 got 403 '${body}', reviews-v2 200; withdrawn, both 200`;
    }),
  );
}

async function quota({ mesh, config }: Tour): Promise<string> {
  return asWorkload(mesh, 'productpage-v1', (client) =>
    config.with('limit-details.yaml', sample('limit-details.yaml'), async () => {
      await takesEffect('the limit', async () => (await client.get(DETAILS)).status === 429);
      const rounds: string[] = [];
      for (let round = 0; round < 2; round++) {
        await sleep(WINDOW_MS + 1_100);
        const answers = await client.many(3 * LIMIT, () => client.get(DETAILS));
        const [granted, refused] = [200, 429].map(
          (code) => answers.filter(({ status }) => status === code).length,
        );
        check(granted === LIMIT, `${granted} calls of ${answers.length} were granted, not ${LIMIT}`);
        check(refused === 2 * LIMIT, `${refused} calls were refused with 429, not ${2 * LIMIT}`);
        rounds.push(`${granted} of ${answers.length}`);
      }
      return `${LIMIT} per ${WINDOW_MS / 1000} s: granted ${rounds.join(', then ')}`;
    }),
  );
}

export const policySteps: readonly Step[] = [
  { name: '4 a denier rule', run: denier },
  { name: '4 a memquota limit', run: quota },
];

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import type { Expected, TestRequest } from '../oracle/expected.js';
import { disagreements, show } from './agreement.js';
import type { EchoServers } from './echo-servers.js';
import { startEchoServers } from './echo-servers.js';
import type { EnvoyRig, Observed } from './envoy-rig.js';
import { startEnvoyRig } from './envoy-rig.js';
import type { Scenario } from './scenario.js';
import { scenario } from './scenario.js';
import { expectedHits, strayHits, verdict } from './verdict.js';

const SEED = Number(process.env['QUARTET_SEED'] ?? 1);

interface Done {
  readonly id: string;
  readonly request: TestRequest;
  readonly wanted: Expected;
  readonly observed: Observed;
}

/** Random VirtualServices and DestinationRules, 10,000 random requests: what they promise is what happens. */
describe.each(['sidecar', 'gateway'] as const)(
  `oracle, simulator and Envoy as %s (QUARTET_SEED=${SEED})`,
  (place) => {
    let servers: EchoServers;
    let rig: EnvoyRig;
    let made: Scenario;
    let done: readonly Done[] = [];

    beforeAll(async () => {
      servers = await startEchoServers();
      made = scenario({ seed: SEED, sets: 200, requests: 10_000, ports: servers.ports, place });
      rig = await startEnvoyRig(made.translation);
      done = await callAll(made, rig);
    }, 600_000);

    afterAll(() => {
      rig.close();
      servers.close();
    });

    it('agree on every answer', () => {
      expect(done).toHaveLength(10_000);
      const wrong = done.flatMap((each) => {
        const problems = verdict(each.wanted, each.request, each.observed);
        return problems.length > 0 ? [[...problems, JSON.stringify(each)].join('\n  ')] : [];
      });
      expect(wrong.slice(0, 3).join('\n')).toBe('');
      expect(show(disagreements(made))).toBe('');
    });

    it('agree on how often and where servers are asked, copies included', async () => {
      const missing = (): string[] =>
        done.flatMap(({ id, request, wanted, observed }) => {
          const hits = servers.hits.get(id) ?? [];
          const [least, most] = expectedHits(wanted, request, observed.served !== undefined);
          const stray = strayHits(wanted, hits);
          const right = hits.length >= least && hits.length <= most && stray.length === 0;
          return right
            ? []
            : [
                `${hits.length} of ${least} to ${most}, stray ${stray.join()} ${JSON.stringify(request)} ${JSON.stringify(wanted)}`,
              ];
        });
      // Copies are sent on their own time.
      await until(() => missing().length === 0, { what: 'all copies' }).catch(() => undefined);
      expect(missing().slice(0, 3)).toEqual([]);
    });

    it('agree that equal keys stay on one endpoint', () => {
      const byKey = new Map<string, Set<string>>();
      for (const { wanted, observed, request } of done) {
        const key = stickyKey(wanted, request);
        if (key && observed.served)
          byKey.set(key, (byKey.get(key) ?? new Set()).add(observed.served.endpoint));
      }
      expect(byKey.size).toBeGreaterThan(20);
      expect([...byKey].filter(([, endpoints]) => endpoints.size > 1).map(([key]) => key)).toEqual([]);
    });
  },
);

/** A few at a time, so that nothing waits for anything but Envoy. */
async function callAll({ requests, promised }: Scenario, rig: EnvoyRig): Promise<Done[]> {
  const done: Done[] = [];
  const queue = requests.entries();
  const worker = async (): Promise<void> => {
    for (const [index, request] of queue) {
      const id = String(index);
      const observed = await rig.call(id, request);
      done.push({ id, request, observed, wanted: promised(request) });
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return done;
}

/** What decides the endpoint of a request to a single destination; a retry may go elsewhere. */
function stickyKey({ answer }: Expected, { headers }: TestRequest): string | undefined {
  if (answer.kind !== 'forward' || answer.destinations.length !== 1 || 'x-fail' in headers) return undefined;
  const [only] = answer.hash;
  const hashed =
    only?.value !== undefined && /^(ring|maglev)/.test(answer.destinations[0]?.policy?.balancing ?? '');
  return hashed ? JSON.stringify([answer.destinations[0]?.destination, only]) : undefined;
}

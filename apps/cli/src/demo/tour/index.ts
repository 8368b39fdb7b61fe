import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '../measure/http-client.js';
import { describeMemory, memoryOf } from '../memory.js';
import type { Mesh } from '../mesh.js';
import { ConfigFolder } from './config-folder.js';
import { chaosSteps } from './chaos.js';
import { editSteps } from './edits.js';
import { identitySteps } from './identity.js';
import { lastGoodSteps } from './last-good.js';
import { metricsSteps } from './metrics.js';
import { policySteps } from './policy.js';
import { routingSteps } from './routing.js';
import type { Step, Tour } from './step.js';

const STEP_LIMIT_MS = 90_000;

/** In the order of the tour; each group leaves the mesh as it found it. */
const STEPS: readonly Step[] = [
  ...identitySteps,
  ...routingSteps,
  ...editSteps,
  ...policySteps,
  ...metricsSteps,
  ...lastGoodSteps,
  ...chaosSteps,
];

/** Proves what the mesh does, a line a step. The exit code: 1 where one step failed. */
export async function runTour(mesh: Mesh, gatewayPort: number, say: (line: string) => void): Promise<number> {
  const gateway = new HttpClient('127.0.0.1', gatewayPort);
  const tour: Tour = { mesh, gateway, gatewayPort, config: new ConfigFolder(mesh.workspace.config) };
  const started = performance.now();
  let failed = 0;
  for (const step of selected()) if (!(await runStep(step, tour, say))) failed += 1;
  gateway.close();
  say(`memory: ${describeMemory(await memoryOf([process.pid]))}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(
    failed === 0 ? `the tour is over after ${seconds} s: all is as it has to be` : `${failed} steps failed`,
  );
  return failed === 0 ? 0 : 1;
}

/** QUARTET_TOUR, a part of a step's name, picks steps: for whoever works on one of them. */
function selected(): readonly Step[] {
  const wanted = process.env.QUARTET_TOUR;
  return wanted === undefined ? STEPS : STEPS.filter(({ name }) => name.includes(wanted));
}

async function runStep(step: Step, tour: Tour, say: (line: string) => void): Promise<boolean> {
  const started = performance.now();
  const took = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  try {
    const seen = await inTime(step.run(tour));
    say(`ok      ${step.name}: ${seen} (${took()})`);
    return true;
  } catch (error) {
    say(`FAILED  ${step.name}: ${(error as Error).message} (${took()})`);
    return false;
  }
}

/** A step that waits for something that never comes fails, rather than to keep the others from being seen. */
function inTime<T>(work: Promise<T>): Promise<T> {
  const tooLate = sleep(STEP_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`not done after ${STEP_LIMIT_MS / 1000} s`);
  });
  return Promise.race([work, tooLate]);
}

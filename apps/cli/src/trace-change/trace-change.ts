import { requestAll } from '#common/nats';
import { withBus } from '../bus-client.js';
import { traceReport, type TracedChange } from './report.js';

/** How long to collect the Pilots' answers. A Pilot that does not answer in time is missing. */
const COLLECT_MS = 1_000;

/** Prints the way of a revision; exit code 1 where some proxy does not hold it. */
export async function traceChange(
  state: string,
  revision: number | undefined,
  json: boolean,
): Promise<number> {
  const answers = await withBus(state, (connection) =>
    requestAll<TracedChange>(
      connection,
      'pilot.revision.trace',
      { ...(revision !== undefined && { revision }) },
      { timeoutMs: COLLECT_MS },
    ),
  );
  if (answers.length === 0) throw new Error(`no Pilot answered within ${COLLECT_MS} ms`);
  process.stdout.write(json ? `${JSON.stringify(answers, null, 2)}\n` : traceReport(answers));
  return answers.every(({ holding, proxies }) => holding === proxies) ? 0 : 1;
}

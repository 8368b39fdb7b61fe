import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnostic } from '#config';
import { stateLayout } from '../../up/state.js';
import { envoyStats } from '../measure/envoy-admin.js';
import type { HttpAnswer } from '../measure/http-client.js';
import { until } from '../until.js';
import { MARK, takesEffect, virtualService, withoutVirtualServices } from './routes.js';
import { check, type Step, type Tour } from './step.js';
import { asWorkload } from './workload-client.js';

const FILE = 'ratings.yaml';
const RESTART_LIMIT_MS = 60_000;
/** How long to listen for bytes that must not come. */
const SILENCE_MS = 1_000;

/** The route of this step, which shows its mark; with a mistake in the field that names the destination's subset. */
function ratings({ config }: Tour, options: { mistake: boolean }): string {
  const subset = options.mistake ? 'subsett' : 'subset';
  const http = `
- route: [{ destination: { host: ratings, ${subset}: v1 } }]
  headers: { response: { set: { ${MARK}: last-good } } }`;
  return `${virtualService('ratings', http)}---${withoutVirtualServices(config.read(FILE))}`;
}

async function keepsLastGood(tour: Tour): Promise<string> {
  const good = ratings(tour, { mistake: false });
  const bad = ratings(tour, { mistake: true });
  const line = bad.split('\n').findIndex((text) => text.includes('subsett')) + 1;
  const story = await tour.config.with(FILE, good, async () => {
    await takesEffect('the good version', () => servesMark(tour));
    tour.config.replace(FILE, bad);
    const { code, message } = await until(() => mistakeAt(tour, line), {
      what: `a diagnostic at ${FILE}:${line}`,
      timeoutMs: 5_000,
    });
    check(await servesMark(tour), 'the last good version is not served any more');
    await changesElsewhere(tour);
    const seconds = await powerCut(tour, line);
    const kept = 'last good version and the rest kept serving';
    return `${code} ${FILE}:${line} '${message}'; ${kept}; so too ${seconds} s after SIGKILL of everything and a wiped NATS`;
  });
  await takesEffect('the correction', async () => !(await servesMark(tour)));
  return story;
}

async function servesMark(tour: Tour): Promise<boolean> {
  const answer = await askRatings(tour);
  return answer.status === 200 && isLastGood(answer);
}

function isLastGood({ headers }: HttpAnswer): boolean {
  return headers[MARK] === 'last-good';
}

function askRatings({ mesh }: Tour): Promise<HttpAnswer> {
  return asWorkload(mesh, 'reviews-v2', (client) => client.get('http://ratings:9080/ratings/0'));
}

/** The mistake as Galley reports it now; undefined where it does not, or names another place. */
async function mistakeAt({ mesh }: Tour, line: number): Promise<Diagnostic | undefined> {
  const answer = await fetch(`http://${mesh.controlPlane.galley.http}/debug/diagnostics`);
  const found = (await answer.json()) as Diagnostic[];
  return found.find(
    ({ level, origin }) => level === 'Error' && origin.file.endsWith(FILE) && origin.line === line,
  );
}

/** While one file is wrong, an edit of another takes effect. */
async function changesElsewhere({ mesh, config }: Tour): Promise<void> {
  const rest = withoutVirtualServices(config.read('details.yaml'));
  const http = `
- route: [{ destination: { host: details, subset: v1 } }]
  headers: { response: { set: { ${MARK}: elsewhere } } }`;
  const call = () =>
    asWorkload(mesh, 'productpage-v1', (client) => client.get('http://details:9080/details/0'));
  const marked = ({ headers }: HttpAnswer) => headers[MARK] === 'elsewhere';
  await config.with('details.yaml', `${virtualService('details', http)}---${rest}`, async () => {
    await takesEffect('an edit of another file', async () => marked(await call()));
  });
  await takesEffect('its end', async () => !marked(await call()));
}

/** Everything ends without a warning, NATS loses all it had, everything starts again. The seconds until it serves. */
async function powerCut(tour: Tour, line: number): Promise<string> {
  const { mesh, gateway } = tour;
  await mesh.killAll();
  rmSync(stateLayout(mesh.workspace.state).nats, { recursive: true, force: true });
  const started = performance.now();
  await mesh.startControlPlane();
  await mesh.startProxies();
  await until(async () => (await gateway.get('/productpage')).status === 200, {
    what: 'the page after the restart',
    timeoutMs: RESTART_LIMIT_MS,
  });
  const seconds = (performance.now() - started) / 1000;
  // An application may take longer than its proxy to be there.
  const answer = await until(() => answerOfRatings(tour), {
    what: 'ratings after the restart',
    timeoutMs: RESTART_LIMIT_MS,
  });
  check(isLastGood(answer), 'after the restart the old route is not served');
  const found = await mistakeAt(tour, line);
  check(found !== undefined, 'after the restart the diagnostic is not shown');
  return seconds.toFixed(1);
}

/** What the application itself answers; undefined while it does not. */
async function answerOfRatings(tour: Tour): Promise<HttpAnswer | undefined> {
  const answer = await askRatings(tour);
  return answer.status === 200 ? answer : undefined;
}

/** A comment moves every resource below it to another line: its origin changes, and nothing that Envoy sees. */
async function sendsNothing(tour: Tour): Promise<string> {
  const { mesh, config } = tour;
  await until(() => allHold(tour), { what: 'the proxies to be in sync', timeoutMs: 10_000 });
  await until(() => isQuiet(tour), { what: 'silence from Pilot', timeoutMs: 10_000 });
  const revision = await revisionOf(tour);
  const before = await received(tour);
  const text = config.read('reviews.yaml');
  await config.with('reviews.yaml', `# A remark.\n${text}`, async () => {
    const moved = async () => (await revisionOf(tour)) > revision && (await allHold(tour));
    await until(moved, { what: 'the commit of the moved line', timeoutMs: 5_000 });
    await sleep(SILENCE_MS);
  });
  const bytes = (await received(tour)) - before;
  check(bytes === 0, `${bytes} bytes were sent to the proxies`);
  return `revision ${revision + 1} moved resources to another line; 0 bytes to ${mesh.proxies.length} proxies`;
}

async function isQuiet(tour: Tour): Promise<boolean> {
  const before = await received(tour);
  await sleep(SILENCE_MS / 2);
  return (await received(tour)) === before;
}

/** Bytes that all Envoys together have received from Pilot on their present connections. */
async function received({ mesh }: Tour): Promise<number> {
  const name = 'cluster.xds-grpc.upstream_cx_rx_bytes_total';
  const each = mesh.proxies.map(async ({ admin }) => (await envoyStats(admin, name)).get(name) ?? 0);
  return (await Promise.all(each)).reduce((sum, bytes) => sum + bytes, 0);
}

async function revisionOf({ mesh }: Tour): Promise<number> {
  const answer = await fetch(`http://${mesh.controlPlane.galley.http}/debug/snapshot`);
  return ((await answer.json()) as { revision: number }).revision;
}

/** Whether each proxy has what Galley's present revision asks of it. */
async function allHold(tour: Tour): Promise<boolean> {
  const { mesh } = tour;
  const revision = await revisionOf(tour);
  const answer = await fetch(`http://${mesh.controlPlane.pilot.http}/debug/syncz`);
  const proxies = (await answer.json()) as { revision: number }[];
  return proxies.length === mesh.proxies.length && proxies.every((proxy) => proxy.revision >= revision);
}

export const lastGoodSteps: readonly Step[] = [
  { name: '6 last good', run: keepsLastGood },
  { name: '6 a moved line', run: sendsNothing },
];

/**
 * What Galley and Pilot read, without each single `list` and `watch` of the chart. Each case is a start of its own, for
 * only a start lists; with nothing but the reading, and an account of its own, so that several run at the same time, on
 * one API server and without NATS. What it has to be like is what a service with all permissions is like, but for the
 * one kind: so a case also proves that nothing else suffers, and a need that is none would fail.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import { typeName } from '#common/kube';
import {
  describeKubernetes,
  freeAddress,
  spawnProcess,
  startKubernetes,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { MESH_TYPES, type Diagnostic } from '#config';
import { accountOf, accountWithout } from './support/accounts.js';
import { saidOfSources } from './support/diagnostics.js';
import { installDefinitions } from './support/definitions.js';
import { needsProvenBy, type Need } from './support/needs.js';
import { createSamples } from './support/samples.js';
import { NAMESPACE, pod, service } from './support/workloads.js';

jest.setTimeout(600_000);

/** Starts at the same time: two cores have enough to do with as many. */
const AT_ONCE = 4;
const PATIENCE_MS = 60_000;

/** What a service says is wrong with the cluster, and how many objects of each kind it knows. */
interface Report {
  readonly said: readonly string[];
  readonly known: Readonly<Record<string, number>>;
  readonly state?: string;
}

/** What the API server says of a refusal, without who was refused. */
const inShort = (text: string): string =>
  text.replace(/: [^:;]* is forbidden: User "[^"]+" (cannot \w+ resource "[^"]+")[^;]*$/, ': $1');

type Read = (http: string) => Promise<Report>;

let kubernetes: RunningKubernetes;

const get = async <T>(http: string, path: string): Promise<T> =>
  (await (await fetch(`http://${http}${path}`)).json()) as T;

const SETTINGS = 'mesh.istio.io/MeshConfig';
/** Of kinds that it only keeps Galley says so. */
const galley: Read = async (http) => {
  const diagnostics = await get<Diagnostic[]>(http, '/debug/diagnostics');
  const { instances } = await get<{ instances: Record<string, number> }>(http, '/debug/snapshot');
  const kept = diagnostics.flatMap(({ message }) => {
    const [, kind, group] = /^(\S+) of (\S+) is not supported/.exec(message) ?? [];
    return kind === undefined ? [] : [[`${group}/${kind}`, 1] as const];
  });
  return {
    said: saidOfSources(diagnostics).map(inShort),
    known: { ...instances, ...Object.fromEntries(kept) },
  };
};

const pilot: Read = async (http) => {
  interface Cluster {
    readonly state: string;
    readonly detail: string;
    readonly types: readonly { readonly type: string; readonly objects: number }[];
  }
  const [cluster] = await get<Cluster[]>(http, '/debug/clusterz');
  if (!cluster) throw new Error('there is no cluster yet');
  const known = Object.fromEntries(cluster.types.map(({ type, objects }) => [type, objects]));
  const said = cluster.detail.split('; ').filter(Boolean).map(inShort);
  return { said, known, state: cluster.state };
};

const FLAGS = { galley: [], pilot: ['--xds', '127.0.0.1:0'] } as const;
const READ = { galley, pilot } as const;
type Service = keyof typeof READ;

/** Starts a service and returns what it tells as soon as that is right, or when nobody waits for it any more. */
async function ask(name: Service, kubeconfig: string, isRight: (report: Report) => boolean): Promise<Report> {
  const http = await freeAddress();
  const args = [
    ...[join(packageRoot(), `dist/apps/${name}/src/main.js`), '--http', http, '--nats', 'nats://127.0.0.1:1'],
    ...['--state', tempDir(), '--kubeconfig', kubeconfig, '--log-level', 'error', ...FLAGS[name]],
  ];
  const child = spawnProcess(process.execPath, args, { name });
  let last: Report = { said: [], known: {} };
  const read = async (): Promise<boolean> => isRight((last = await READ[name](http)));
  await until(read, { timeout: PATIENCE_MS }).catch(() => undefined);
  await child.kill();
  return last;
}

/** Runs all, some at the same time; each test awaits its own. */
function inParallel<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Map<T, Promise<R>> {
  const waiting = [...items];
  const results = new Map<T, Promise<R>>();
  const resolvers = new Map<T, (result: Promise<R>) => void>();
  for (const item of items) results.set(item, new Promise((resolve) => resolvers.set(item, resolve)));
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const result = run(item);
      resolvers.get(item)?.(result);
      await result.catch(() => undefined);
    }
  };
  for (let n = 0; n < AT_ONCE; n++) void work();
  return results;
}

/** As Galley counts a kind: by group and kind; undefined for what it only looks up. */
function countedAs({ resource, group }: Need): string | undefined {
  const type = MESH_TYPES.find((each) => each.plural === resource && each.group === group);
  if (type) return `${type.group}/${type.kind}`;
  return resource === 'configmaps' ? SETTINGS : undefined;
}

const without = (known: Report['known'], name: string | undefined): Report['known'] =>
  Object.fromEntries(Object.entries(known).filter(([each]) => each !== name));

const nameOf = ({ resource, group }: Need): string => typeName({ group, version: '', plural: resource });
const refusal = ({ verb, resource }: Need): string => `cannot ${verb} resource "${resource}"`;

/** What Galley has to be like without a need: a list that is refused leaves the kind unknown, a watch does not. */
function galleyWithout(need: Need, whole: Report): Report {
  const said = [`QT0008 ${nameOf(need)} cannot be watched, what is known of them stays: ${refusal(need)}`];
  const known = need.verb === 'list' ? without(whole.known, countedAs(need)) : whole.known;
  return { said, known };
}

const NEEDED = ['services', 'endpointslices', 'pods'];

/** Secrets are read for other clusters and for the certificates of gateways: that both are left out is said once. */
function pilotWithout(need: Need, whole: Report): Report {
  const { verb, resource } = need;
  const name = resource === 'secrets' ? 'secrets of istio-system' : nameOf(need);
  const said = [`${name}: a permission is missing: ${refusal(need)}`];
  if (resource === 'secrets') return { said, known: whole.known, state: 'live' };
  const known = verb === 'list' ? { ...whole.known, [nameOf(need)]: 0 } : whole.known;
  return { said, known, state: verb === 'list' && NEEDED.includes(resource) ? 'waiting' : 'stale' };
}

const WITHOUT = { galley: galleyWithout, pilot: pilotWithout } as const;
const needs = needsProvenBy('reads');

describeKubernetes('without leave to read', () => {
  const whole = {} as Record<Service, Report>;
  let reports: Map<Need, Promise<Report>>;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: ['endpointslice-controller'] });
    await installDefinitions(kubernetes);
    for (const name of ['galley', 'pilot'] as const) await accountOf(kubernetes, name);
    await createSamples(kubernetes);
    await kubernetes.kubectl(['apply', '-f', '-'], NAMESPACE + service('web') + pod('web', 'web', 'v1', 80));
    const isWhole = ({ said, known }: Report): boolean =>
      said.length === 0 && Object.values(known).every((count) => count > 0) && Object.keys(known).length > 4;
    for (const name of ['galley', 'pilot'] as const)
      whole[name] = await ask(name, await accountOf(kubernetes, name), isWhole);
    if (!Object.values(whole).every(isWhole)) throw new Error(JSON.stringify(whole));
    reports = inParallel(needs, async (need) => {
      const name = need.service as Service;
      const account = `without-${needs.indexOf(need)}`;
      const kubeconfig = await accountWithout(kubernetes, name, need, account);
      return ask(
        name,
        kubeconfig,
        (found) => JSON.stringify(found) === JSON.stringify(WITHOUT[name](need, whole[name])),
      );
    });
  }, 600_000);
  afterAll(() => kubernetes?.stop());

  it('with all permissions nothing is said, and everything is known', () => {
    const kinds = MESH_TYPES.map(({ group, kind }) => `${group}/${kind}`);
    expect(whole.galley.said).toEqual([]);
    expect(Object.keys(whole.galley.known)).toEqual(expect.arrayContaining([...kinds, SETTINGS]));
    expect(whole.pilot).toMatchObject({ said: [], state: 'live' });
    expect(Object.values(whole.pilot.known)).not.toContain(0);
  });

  describe.each(['galley', 'pilot'] as const)('%s', (name) => {
    it.each(needs.filter((need) => need.service === name))('may not $text', async (need) => {
      expect(await reports.get(need)).toEqual(WITHOUT[name](need, whole[name]));
    });
  });
});

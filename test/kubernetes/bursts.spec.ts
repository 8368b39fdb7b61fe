import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import { ConfigLogReader } from '#common/config-log';
import type { ConfigChange } from '#common/config-log';
import { KubeError, listPages, PATCH, resourcePath } from '#common/kube';
import type { KubeObject } from '#common/kube';
import { connectNats } from '#common/nats';
import {
  describeKubernetes,
  freePort,
  kubeconfigText,
  spawnProcess,
  startKubernetes,
  startNats,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes, RunningNats, SpawnedProcess } from '#common/testing';
import { accountOf } from './support/accounts.js';
import { installDefinitions } from './support/definitions.js';
import { Dice } from '../support/dice.js';

/** `QUARTET_BURST=10000` is the whole of it, `QUARTET_SEED=N` repeats or varies a run. */
const COUNT = Number(process.env.QUARTET_BURST ?? 500);
const SEED = Number(process.env.QUARTET_SEED ?? 20261126);
/** Changes after the creation, per resource. */
const CHANGES = 2;
const AT_ONCE = 16;

jest.setTimeout(600_000);

const VS = { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices' };
const PATH = resourcePath(VS, 'default');
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const PREFIX = 'networking.istio.io/VirtualService/default/';

let kubernetes: RunningKubernetes;
let nats: RunningNats;
let reader: ConfigLogReader | undefined;
const folder = tempDir('q-burst-');
const tokenFile = join(folder, 'token');
const kubeconfig = join(folder, 'kubeconfig');

interface Replica {
  readonly process: SpawnedProcess;
  readonly http: string;
}
let replicas: Replica[] = [];

async function startReplica(name: string): Promise<void> {
  const http = `127.0.0.1:${await freePort()}`;
  const args = [
    ...['--kubeconfig', kubeconfig, '--lease', 'istio-system/istio-galley'],
    ...['--http', http, '--nats', nats.url],
    ...['--state', join(folder, name), '--log-level', 'warn'],
  ];
  const main = join(packageRoot(), 'dist/apps/galley/src/main.js');
  replicas.push({ process: spawnProcess(process.execPath, [main, ...args], { name }), http });
}

async function role({ http }: Replica): Promise<string | undefined> {
  const answer = await fetch(`http://${http}/debug/snapshot`).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as { role: string }).role : undefined;
}

async function leader(): Promise<Replica> {
  return until(
    async () => {
      for (const replica of replicas) if ((await role(replica)) === 'leader') return replica;
      return undefined;
    },
    { timeout: 60_000, what: 'a leader' },
  );
}

/** Becomes another user, as a projected token is replaced. */
function signIn(user: string): void {
  writeFileSync(`${tokenFile}.new`, kubernetes.credentials.tokens.get(user)!);
  renameSync(`${tokenFile}.new`, tokenFile);
}

/** What Galley needs in all of the cluster, and in its own namespace. */
const ROLES = [
  ['clusterrolebindings', 'ClusterRole', 'istio-galley-istio-system'],
  ['namespaces/istio-system/rolebindings', 'Role', 'istio-galley'],
] as const;
const bindingOf = (kind: string, name: string, users: readonly string[]) => ({
  metadata: { name: 'galley' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
  subjects: users.map((user) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user })),
});
async function forbid(): Promise<void> {
  for (const [path] of ROLES) await persist(() => kubernetes.client.send('DELETE', `${RBAC}/${path}/galley`));
}
async function permit(...users: string[]): Promise<void> {
  for (const [path, kind, name] of ROLES) {
    const body = bindingOf(kind, name, users);
    await persist(() => kubernetes.client.send('POST', `${RBAC}/${path}`, { body }));
  }
}

/** Tries until the API server is there; an attempt that may have succeeded already counts as such. */
async function persist(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.status === 404 || error.status === 409) return;
      if (error.status !== 0 && error.status !== 403 && error.status < 429) throw error;
      await sleep(50);
    }
  }
}

/** Each form of an object has a number of its own, which grows over all objects. */
let forms = 0;
const objectOf = (name: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'default' },
  spec: {
    hosts: [`${name}.example.com`],
    http: [{ name: `form-${(forms += 1)}`, route: [{ destination: { host: name } }] }],
  },
});
const formIn = (text: string): number => Number(/form-(\d+)/.exec(text)?.[1] ?? 0);

async function write(name: string, op: 'create' | 'edit' | 'delete'): Promise<void> {
  const path = `${PATH}/${name}`;
  if (op === 'delete') return persist(() => kubernetes.client.send('DELETE', path));
  const body = objectOf(name);
  if (op === 'create') return persist(() => kubernetes.client.send('POST', PATH, { body }));
  return persist(() =>
    kubernetes.client.send('PATCH', path, { body: { spec: body.spec }, contentType: PATCH.merge }),
  );
}

/** A reader of the log that checks what it is told: no object goes back to an older form, none comes twice. */
class Witness {
  readonly forms = new Map<string, number>();
  readonly faults: string[] = [];
  epochs = 0;
  commits = 0;

  take(change: ConfigChange): void {
    if (change.kind === 'reset') {
      this.epochs += 1;
      const held = new Map([...change.state.resources].map(([key, { content }]) => [key, formIn(content)]));
      for (const key of [...this.forms.keys()]) if (!held.has(key)) this.forms.delete(key);
      for (const [key, form] of held) this.note(key, form, true);
      return;
    }
    this.commits += 1;
    for (const operation of change.commit.operations) {
      if (operation.op === 'delete') this.forms.delete(operation.key);
      if (operation.op === 'put') this.note(operation.key, formIn(operation.content), false);
    }
  }

  private note(key: string, form: number, isReset: boolean): void {
    const before = this.forms.get(key) ?? 0;
    if (form < before) this.faults.push(`${key} went from form ${before} back to ${form}`);
    if (form === before && !isReset) this.faults.push(`${key} came in form ${form} twice`);
    this.forms.set(key, form);
  }
}

async function clusterForms(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const page of listPages<KubeObject>(kubernetes.client, PATH))
    for (const object of page) found.set(PREFIX + object.metadata.name, formIn(JSON.stringify(object)));
  return found;
}

/** Largest resident memory of a process so far, in MB. */
function peakMemory({ process: { pid } }: Replica): number {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}

async function killLeader(): Promise<void> {
  const victim = await leader();
  await victim.process.kill();
  replicas = replicas.filter((replica) => replica !== victim);
  await startReplica(`galley-${forms}`);
}

async function restartApiServer(): Promise<void> {
  await kubernetes.stopApiServer('SIGKILL');
  await kubernetes.startApiServer();
}

/** What happens at which part of the changes, beside them. */
const ORDEALS: readonly (readonly [part: number, what: string, ordeal: () => Promise<unknown>])[] = [
  [0.15, 'the API server restarts', restartApiServer],
  [
    0.35,
    'the token is replaced, the old one is worth nothing any more',
    async () => {
      signIn('second');
      await forbid();
      await permit('second');
    },
  ],
  [0.5, 'the leader is killed', killLeader],
  [
    0.65,
    'the permissions are taken away and given back',
    async () => {
      await forbid();
      await sleep(1_500);
      await permit('second');
    },
  ],
  [
    0.8,
    'the leader is killed while the API server restarts',
    () => Promise.all([killLeader(), restartApiServer()]),
  ],
];

describeKubernetes('bursts of changes', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ users: [{ name: 'first' }, { name: 'second' }] });
    await installDefinitions(kubernetes);
    await accountOf(kubernetes, 'galley');
    await permit('first');
    signIn('first');
    writeFileSync(kubeconfig, kubeconfigText(kubernetes.url, kubernetes.credentials.ca, { tokenFile }));
    nats = await startNats();
  }, 180_000);
  afterAll(async () => {
    await reader?.stop();
    for (const { process: child } of replicas) await child.kill();
    await nats?.kill();
    await kubernetes?.stop();
  });

  it('end in the state of the cluster, whatever happens meanwhile; no object goes back on the way', async () => {
    await startReplica('galley-a');
    await startReplica('galley-b');
    await leader();
    const connect = () => connectNats({ url: nats.url, name: 'pilot' });
    reader = new ConfigLogReader({ connect, stateDir: tempDir() });
    const witness = new Witness();
    await reader.start((change) => witness.take(change));

    const dice = new Dice(SEED);
    const names = Array.from({ length: COUNT }, (_, at) => `burst-${at}`);
    const steps = [
      ...names.map((name) => [name, 'create'] as const),
      ...Array.from({ length: COUNT * CHANGES }, () => {
        const op = dice.weighted([
          [7, 'edit'],
          [2, 'delete'],
          [2, 'create'],
        ] as const);
        return [dice.oneOf(names), op] as const;
      }),
    ];
    const started = performance.now();
    const pending = [...ORDEALS];
    const ordeals: Promise<unknown>[] = [];
    let next = 0;
    const busy = new Set<string>();
    const worker = async (): Promise<void> => {
      for (let at = next++; at < steps.length; at = next++) {
        const [part, what, ordeal] = pending[0] ?? [];
        if (part !== undefined && at >= steps.length * part) {
          pending.shift();
          process.stdout.write(`  ${at} of ${steps.length} changes: ${what}\n`);
          ordeals.push(ordeal!());
        }
        const [name, op] = steps[at]!;
        while (busy.has(name)) await sleep(1);
        busy.add(name);
        await write(name, op);
        busy.delete(name);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await Promise.all(ordeals);
    const written = performance.now();

    const wanted = [...(await clusterForms())].sort();
    const held = (): (readonly [string, number])[] =>
      [...witness.forms].filter(([key]) => key.startsWith(PREFIX)).sort();
    const isSame = (): boolean => JSON.stringify(held()) === JSON.stringify(wanted);
    await until(isSame, { timeout: 120_000, interval: 50 }).catch(() => expect(held()).toEqual(wanted));
    const settled = performance.now();
    const memory = peakMemory(await leader());
    const seconds = (from: number, to: number): string => ((to - from) / 1_000).toFixed(1);
    process.stdout.write(
      `seed ${SEED}: ${steps.length} changes of ${COUNT} resources in ${seconds(started, written)} s, ` +
        `the log has the last ${seconds(written, settled)} s later, ${witness.commits} commits, ` +
        `${witness.epochs} whole states, leader at most ${memory} MB\n`,
    );
    expect(witness.faults).toEqual([]);
    expect(witness.forms.size).toBeGreaterThan(COUNT / 4);
  });
});

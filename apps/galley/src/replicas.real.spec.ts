import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { ConfigLogReader } from '#common/config-log';
import type { ConfigChange } from '#common/config-log';
import { connectNats } from '#common/nats';
import {
  describeKubernetes,
  freePort,
  spawnProcess,
  startKubernetes,
  startNats,
  tempDir,
  until,
} from '#common/testing';
import type { RunningKubernetes, RunningNats, SpawnedProcess } from '#common/testing';
import { accountOf } from '../../../test/kubernetes/support/accounts.js';
import { installDefinitions } from '../../../test/kubernetes/support/definitions.js';
import { virtualService } from './pipeline.rig.js';

jest.setTimeout(180_000);

const MAIN = fileURLToPath(new URL('../../../dist/apps/galley/src/main.js', import.meta.url));

interface Replica {
  readonly process: SpawnedProcess;
  role(): Promise<string>;
}

let kubernetes: RunningKubernetes;
/** Of Galley: the kubeconfig. */
let account: string;
let nats: RunningNats;

async function replica(name: string): Promise<Replica> {
  const http = `127.0.0.1:${await freePort()}`;
  const args = [
    ...['--kubeconfig', account, '--lease', 'istio-system/istio-galley'],
    ...['--state', join(tempDir(), name), '--http', http, '--nats', nats.url],
  ];
  const child = spawnProcess(process.execPath, [MAIN, ...args], { name });
  await until(async () => (await fetch(`http://${http}/readyz`)).ok, { what: name, timeout: 60_000 });
  const role = async (): Promise<string> =>
    ((await (await fetch(`http://${http}/debug/snapshot`)).json()) as { role: string }).role;
  return { process: child, role };
}

/** What a reader of the config log is told, from the first word on. */
async function follow() {
  const changes: ConfigChange[] = [];
  const connect = () => connectNats({ url: nats.url, name: 'pilot' });
  const reader = new ConfigLogReader({ connect, stateDir: tempDir() });
  await reader.start((change) => void changes.push(change));
  const subset = (name: string): string | undefined =>
    /"subset":"(\w+)"/.exec(
      reader.state.resources.get(`networking.istio.io/VirtualService/default/${name}`)?.content ?? '',
    )?.[1];
  return { reader, changes, subset };
}

async function apply(name: string, subset: string): Promise<void> {
  const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], virtualService(name, subset));
  if (code !== 0) throw new Error(stderr);
}

describeKubernetes('two Galleys with one lease', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installDefinitions(kubernetes);
    account = await accountOf(kubernetes, 'galley');
  }, 180_000);
  afterEach(async () => {
    await kubernetes.kubectl(['delete', 'virtualservices', '--all']);
    await kubernetes.kubectl(['delete', 'lease', '--all', '-n', 'istio-system']);
  });
  afterAll(() => kubernetes?.stop());

  it('lose nothing and apply nothing twice where the leader is killed in the midst of changes', async () => {
    nats = await startNats();
    const all = [await replica('galley-1'), await replica('galley-2')];
    const leader = await until(async () => ((await all[0]!.role()) === 'leader' ? all[0] : all[1]));
    const standby = all.find((one) => one !== leader)!;
    expect(await standby.role()).toBe('standby');
    const log = await follow();
    await apply('kept', 'v1');
    await apply('edited', 'v1');
    await until(() => log.subset('edited') === 'v1');

    const editing = apply('edited', 'v2');
    await leader.process.kill();
    const killed = performance.now();
    await until(async () => (await standby.role()) === 'leader', { timeout: 30_000 });
    process.stdout.write(`leader killed to taken over: ${(performance.now() - killed).toFixed(0)} ms\n`);
    await editing;
    await apply('edited', 'v3');
    await until(() => log.subset('edited') === 'v3', { timeout: 30_000 });
    expect(log.subset('kept')).toBe('v1');
    expect(inOrder(subsetsOf(log.changes, 'edited'))).toBe(true);
    const puts = putsOf(log.changes);
    expect(new Set(puts).size).toBe(puts.length);

    // Whoever comes back is the standby of the one that took over.
    const third = await replica('galley-3');
    expect(await third.role()).toBe('standby');
    await standby.process.stop();
    await until(async () => (await third.role()) === 'leader', { timeout: 30_000 });
    await apply('kept', 'v2');
    await until(() => log.subset('kept') === 'v2', { timeout: 30_000 });
    await log.reader.stop();
    await third.process.stop();
    await nats.kill();
  });

  it('take turns while one of them is stopped and goes on later, not knowing of it', async () => {
    nats = await startNats();
    const [first, second] = [await replica('galley-1'), await replica('galley-2')];
    const leader = (await first.role()) === 'leader' ? first : second;
    const standby = leader === first ? second : first;
    const log = await follow();
    await apply('edited', 'v1');
    await until(() => log.subset('edited') === 'v1');
    process.kill(leader.process.pid, 'SIGSTOP');
    await apply('edited', 'v2');
    await until(async () => (await standby.role()) === 'leader', { timeout: 30_000 });
    await apply('edited', 'v3');
    await until(() => log.subset('edited') === 'v3', { timeout: 30_000 });
    process.kill(leader.process.pid, 'SIGCONT');
    await until(async () => (await leader.role()) === 'standby', { timeout: 30_000 });
    expect(log.subset('edited')).toBe('v3');
    expect(inOrder(subsetsOf(log.changes, 'edited'))).toBe(true);
    await log.reader.stop();
    await Promise.all([first, second].map(({ process: child }) => child.stop()));
    await nats.kill();
  });
});

/** `key=content` of every put that a commit brought; a reset is the whole state, not a change of it. */
function putsOf(changes: readonly ConfigChange[]): string[] {
  return changes.flatMap((change) =>
    change.kind === 'commit'
      ? change.commit.operations.flatMap((operation) =>
          operation.op === 'put' ? [`${operation.key}=${operation.content}`] : [],
        )
      : [],
  );
}

/** The subsets that a VirtualService was seen with. */
function subsetsOf(changes: readonly ConfigChange[], name: string): string[] {
  const key = `networking.istio.io/VirtualService/default/${name}`;
  return changes.flatMap((change) => {
    const puts = change.kind === 'commit' ? change.commit.operations : [];
    const content =
      change.kind === 'reset'
        ? change.state.resources.get(key)?.content
        : puts.flatMap((put) => (put.op === 'put' && put.key === key ? [put.content] : []))[0];
    return /"subset":"(\w+)"/.exec(content ?? '')?.[1] ?? [];
  });
}

function inOrder(words: readonly string[]): boolean {
  return words.every((word, at) => at === 0 || words[at - 1]! <= word);
}

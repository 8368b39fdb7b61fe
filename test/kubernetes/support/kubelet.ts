import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isNotFound, PATCH } from '#common/kube';
import { createNamespace, startTcpProxy, tempDir, whyNoNamespaces } from '#common/testing';
import type { NetworkNamespace, RunningKubernetes, SpawnedProcess, TcpProxy } from '#common/testing';
import { runContainer } from './container.js';
import type { Image } from './image.js';
import type { Pod, Service } from './objects.js';
import { fillVolume } from './volumes.js';

/** Why pods cannot run here; undefined where they can. */
export function whyNoPods(): string | undefined {
  const why = whyNoNamespaces();
  if (why !== undefined) return why;
  const folder = tempDir('q-overlay-');
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name));
  const options = `lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work`;
  const words = ['--mount', 'mount', '-t', 'overlay', 'overlay', '-o', options, `${folder}/root`];
  try {
    execFileSync('unshare', words, { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `pods need an overlay file system: ${(error as Error).message}`;
  }
}

interface RunningPod {
  pod: Pod;
  readonly host: NetworkNamespace;
  readonly work: string;
  process: SpawnedProcess | undefined;
  ready: boolean;
  restarts: number;
  /** What containers wrote that ended. */
  earlier: string;
  /** When the next may start, in ms. */
  notBefore: number;
  ending: boolean;
}

const INTERVAL_MS = 250;
const GRACE_MS = 10_000;
const RESTART_MS = 1_000;
const MAX_LOG = 100_000;
const NODE = 'here';

/**
 * A kubelet for all pods of a cluster of the tests, and its name service: each pod is a network namespace of its own,
 * in which its one container runs as the pod says, is restarted when it ends, and counts as ready by its probe. Services
 * are entries in /etc/hosts.
 */
export class Kubelet {
  private readonly pods = new Map<string, RunningPod>();
  private readonly work = tempDir('q-kubelet-');
  private readonly hosts = join(this.work, 'hosts');
  private readonly closing = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private lines = '';

  private constructor(
    private readonly kubernetes: RunningKubernetes,
    private readonly api: TcpProxy,
    private readonly image: Image,
    private readonly programs: ReadonlyMap<string, string>,
  ) {
    writeFileSync(this.hosts, '127.0.0.1 localhost\n', { mode: 0o644 });
  }

  /** @param programs what pods run beside Node, by the name of the command */
  static async start(
    kubernetes: RunningKubernetes,
    image: Image,
    programs: ReadonlyMap<string, string>,
  ): Promise<Kubelet> {
    const api = await startTcpProxy(kubernetes.port, '0.0.0.0');
    const all = new Map([...programs, ['node', process.execPath]]);
    const kubelet = new Kubelet(kubernetes, api, image, all);
    await kubelet.register();
    kubelet.loop = kubelet.run();
    return kubelet;
  }

  /** What the containers of a pod wrote, those that ended as well; the pod by the beginning of its name. */
  logs(pod: string): string {
    const { process, earlier } = this.find(pod);
    return `${earlier}${process?.logs() ?? ''}`;
  }

  /** The address of the first pod of that name's beginning. */
  address(pod: string): string {
    return this.find(pod).host.address;
  }

  restarts(pod: string): number {
    return this.find(pod).restarts;
  }

  /** The container's process dies at once, as by the kernel's hand. */
  async kill(pod: string): Promise<void> {
    await this.find(pod).process?.kill();
  }

  async stop(): Promise<void> {
    this.closing.abort();
    await this.loop;
    await Promise.all([...this.pods.values()].map(async ({ process }) => process?.stop()));
    this.api.close();
  }

  private find(name: string): RunningPod {
    const found = [...this.pods.values()].find(({ pod }) => pod.metadata.name.startsWith(name));
    if (!found) throw new Error(`no pod ${name} runs`);
    return found;
  }

  /** The one node that all pods are on. */
  private async register(): Promise<void> {
    const labels = { 'topology.kubernetes.io/region': 'here', 'topology.kubernetes.io/zone': 'here-a' };
    const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE, labels } };
    await this.kubernetes.client.send('POST', '/api/v1/nodes', { body });
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      // The API server may be away: pods run on.
      await this.sync().catch(() => undefined);
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async sync(): Promise<void> {
    const { items } = await this.kubernetes.client.get<{ items: Pod[] }>('/api/v1/pods');
    const wanted = new Map(items.map((pod) => [pod.metadata.uid ?? '', pod]));
    await Promise.all(items.map(async (pod) => this.tend(pod)));
    for (const [uid, running] of this.pods) if (!wanted.has(uid)) await this.end(uid, running);
    await this.publishNames();
  }

  private async tend(pod: Pod): Promise<void> {
    const { uid = '', deletionTimestamp } = pod.metadata;
    const running = this.pods.get(uid);
    if (deletionTimestamp !== undefined) return this.terminate(pod, running);
    if (!running) return this.admit(pod);
    running.pod = pod;
    if (!running.process?.running()) return this.restart(running);
    await this.report(running, await probe(running));
  }

  private async admit(pod: Pod): Promise<void> {
    const { uid = '', name } = pod.metadata;
    const work = join(this.work, name);
    mkdirSync(work, { recursive: true });
    const host = await createNamespace();
    const fresh = {
      process: undefined,
      ready: false,
      restarts: -1,
      earlier: '',
      notBefore: 0,
      ending: false,
    };
    this.pods.set(uid, { pod, host, work, ...fresh });
    const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target };
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${name}/binding`;
    await this.kubernetes.client.send('POST', path, { body });
  }

  private async restart(running: RunningPod): Promise<void> {
    if (Date.now() < running.notBefore) return;
    running.notBefore = Date.now() + RESTART_MS;
    running.earlier = `${running.earlier}${running.process?.logs() ?? ''}`.slice(-MAX_LOG);
    await this.startContainer(running);
  }

  /** Waits, as a kubelet does, until everything is there that the pod mounts. */
  private async startContainer(running: RunningPod): Promise<void> {
    const { pod, host, work } = running;
    const [container] = pod.spec.containers;
    if (!container) return;
    const volumes = new Map((pod.spec.volumes ?? []).map(({ name }) => [name, join(work, 'volumes', name)]));
    for (const volume of pod.spec.volumes ?? [])
      await fillVolume(this.kubernetes.client, pod, volume, volumes.get(volume.name) ?? '', host.address);
    running.restarts += 1;
    const { hosts, image, programs, api } = this;
    const files = join(work, String(running.restarts));
    running.process = runContainer({
      ...{ pod, container, namespace: host, work: files, volumes, hosts, image, programs },
      apiPort: api.port,
    });
    await this.report(running, false, true);
  }

  private async report(running: RunningPod, ready: boolean, anyway = false): Promise<void> {
    if (running.ready === ready && !anyway) return;
    running.ready = ready;
    const { address } = running.host;
    const status = ready ? 'True' : 'False';
    const conditions = ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].map((type) => ({
      type,
      status: type.endsWith('Ready') ? status : 'True',
    }));
    const body = { status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }], conditions } };
    const { namespace, name } = running.pod.metadata;
    await this.kubernetes.client.send('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, {
      body,
      contentType: PATCH.merge,
    });
  }

  private async terminate(pod: Pod, running: RunningPod | undefined): Promise<void> {
    if (running?.ending) return;
    if (running) {
      running.ending = true;
      await this.report(running, false);
      await running.process?.stop(GRACE_MS);
    }
    const { namespace, name, uid } = pod.metadata;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.kubernetes.client
      .send('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { body })
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
  }

  private async end(uid: string, { process }: RunningPod): Promise<void> {
    this.pods.delete(uid);
    await process?.stop(GRACE_MS);
  }

  /** Each service's name leads to the pods that are ready; of a headless one each pod has a name of its own. */
  private async publishNames(): Promise<void> {
    const { items } = await this.kubernetes.client.get<{ items: Service[] }>('/api/v1/services');
    const [first] = this.pods.values();
    const lines = ['127.0.0.1 localhost', ...(first ? [`${first.host.peer} kubernetes.default.svc`] : [])];
    for (const service of items) lines.push(...this.namesOf(service));
    const text = `${lines.join('\n')}\n`;
    if (text === this.lines) return;
    this.lines = text;
    writeFileSync(this.hosts, text);
  }

  private namesOf({ metadata, spec }: Service): string[] {
    const { selector } = spec;
    if (!selector) return [];
    const host = `${metadata.name}.${metadata.namespace}.svc`;
    const names = (name: string) => `${name} ${name}.cluster.local`;
    const behind = [...this.pods.values()].filter(({ pod, ready, ending }) => {
      const { labels = {}, namespace } = pod.metadata;
      const selected = Object.entries(selector).every(([key, value]) => labels[key] === value);
      return (
        namespace === metadata.namespace && selected && !ending && (ready || spec.publishNotReadyAddresses)
      );
    });
    return behind.map(({ pod, host: { address } }) => {
      const own = pod.spec.subdomain === metadata.name ? names(`${pod.metadata.name}.${host}`) : '';
      return `${address} ${names(host)} ${own}`.trimEnd();
    });
  }
}

async function probe({ pod, host }: RunningPod): Promise<boolean> {
  const { path, port } = pod.spec.containers[0]?.readinessProbe?.httpGet ?? {};
  if (path === undefined) return true;
  try {
    const answer = await fetch(`http://${host.address}:${port}${path}`, {
      signal: AbortSignal.timeout(1_000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

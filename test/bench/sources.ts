import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operation } from '#common/config-log';
import { KubeClient, PATCH, resourcePath } from '#common/kube';
import {
  freePort,
  quartet,
  startControlPlane,
  startEnvoy,
  startKubernetes,
  tempDir,
  until,
} from '#common/testing';
import type { RunningControlPlane, RunningEnvoy } from '#common/testing';
import { decodeContent } from '#config';
import { HttpClient } from '../../apps/cli/src/demo/measure/http-client.js';
import { adsBootstrap } from '../../apps/pilot/src/ads/testing/ads-rig.js';
import { LoadClient } from './load-client.js';
import { hostOf, meshOperations, namespaceOf, put, serviceEntry } from './mesh.js';
import { cpuMs } from './process-usage.js';
import { percentile } from './statistics.js';
import { TYPE } from './types.js';

export interface SourceBench {
  readonly source: 'files' | 'kubernetes';
  readonly services: number;
  /** Simulated ones. */
  readonly proxies: number;
  readonly edits: number;
}

/** From before the write to its effect, in milliseconds; CPU in milliseconds per edit. */
export interface SourceRow extends SourceBench {
  readonly change: string;
  /** Where the effect is seen. */
  readonly until: 'all proxies' | 'first request';
  readonly p50: number;
  readonly p99: number;
  readonly galley: number;
  readonly pilot: number;
}

type Put = Operation & { readonly op: 'put' };

/** Where config is written: a file or an object for each resource. */
interface Source {
  readonly args: readonly string[];
  readonly config: string;
  write(operation: Put): Promise<unknown>;
  stop(): Promise<void>;
}

const GAP_MS = 200;
const WARM_UP = 5;
/** Objects that are made at the same time. */
const WRITERS = 32;

/** The whole control plane between a source of config and proxies: what a write costs, and when its effect is there. */
export async function benchSource(bench: SourceBench): Promise<SourceRow[]> {
  const source = bench.source === 'files' ? fileSource() : await kubernetesSource();
  const mesh = meshOperations(bench.services) as Put[];
  await inParallel(mesh, (operation) => source.write(operation));
  const args = ['--only', 'galley,pilot,citadel', ...source.args];
  const plane = await startControlPlane({ config: source.config, args });
  const load = new LoadClient();
  const client = await startClient(plane);
  try {
    await untilHeld(client.envoy, bench.services);
    if (bench.proxies > 0) await load.connect(plane.pilot.xds, bench.proxies);
    const edit = (run: Run) => editMany(bench, plane, run);
    return [
      ...(bench.proxies > 0
        ? [await edit(toProxies(load, source)), await edit(endpoints(load, source))]
        : []),
      await edit(toFirstRequest(client.http, source)),
    ];
  } finally {
    load.close();
    client.http.close();
    await client.envoy.stop();
    await plane.process.stop();
    await source.stop();
  }
}

interface Run {
  readonly change: string;
  readonly until: SourceRow['until'];
  /** Milliseconds, one for each who sees it. */
  readonly once: (round: number) => Promise<number[]>;
}

function toProxies(load: LoadClient, source: Source): Run {
  const once = async (round: number): Promise<number[]> => {
    const mark = `proxy-mark-${round}.`;
    const edit = () => source.write(answering(mark));
    return (await load.during({ typeUrl: TYPE.virtualHost, mark }, edit)).latencies;
  };
  return { change: 'VirtualService', until: 'all proxies', once };
}

function endpoints(load: LoadClient, source: Source): Run {
  const once = async (round: number): Promise<number[]> => {
    const mark = `10.99.${1 + (round >> 8)}.${round & 255}`;
    const edit = () => source.write(serviceEntry(0, mark));
    return (await load.during({ typeUrl: TYPE.endpoint, mark }, edit)).latencies;
  };
  return { change: 'endpoint', until: 'all proxies', once };
}

function toFirstRequest(http: HttpClient, source: Source): Run {
  const once = async (round: number): Promise<number[]> => {
    const mark = `request-mark-${round}.`;
    const start = performance.now();
    await source.write(answering(mark));
    while ((await http.get('/', { host: hostOf(0) })).body !== mark);
    return [performance.now() - start];
  };
  return { change: 'VirtualService', until: 'first request', once };
}

/** The VirtualService of the first service answers by itself, with this mark. */
function answering(mark: string): Put {
  const http = [{ directResponse: { status: 200, body: { string: mark } } }];
  return put('VirtualService', 0, { hosts: [hostOf(0)], http });
}

async function editMany(
  bench: SourceBench,
  { pids }: RunningControlPlane,
  { change, until: effect, once }: Run,
): Promise<SourceRow> {
  const times: number[] = [];
  const cpu = { galley: 0, pilot: 0 };
  for (let round = 1; round <= WARM_UP + bench.edits; round++) {
    const before = { galley: cpuMs(pids['galley']!), pilot: cpuMs(pids['pilot']!) };
    const seen = await once(round);
    await new Promise((resolve) => setTimeout(resolve, GAP_MS));
    if (round <= WARM_UP) continue;
    times.push(...seen);
    for (const name of ['galley', 'pilot'] as const) cpu[name] += cpuMs(pids[name]!) - before[name];
  }
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  return {
    ...bench,
    change,
    until: effect,
    p50,
    p99,
    galley: cpu.galley / bench.edits,
    pilot: cpu.pilot / bench.edits,
  };
}

/** A real Envoy that holds all services, and a client of its proxy port. */
async function startClient(plane: RunningControlPlane): Promise<{ envoy: RunningEnvoy; http: HttpClient }> {
  const port = await freePort('127.77.3.1');
  const namespace = namespaceOf(0);
  const id = `sidecar~127.77.3.1~client.${namespace}~${namespace}.svc.cluster.local`;
  const metadata = {
    ...{ NAMESPACE: namespace, INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(port), QUARTET_VHDS: true },
  };
  const envoy = await startEnvoy(adsBootstrap(plane.pilot.xds, 'delta', { id, metadata }));
  return { envoy, http: new HttpClient('127.77.3.1', port) };
}

/** Everything has arrived at the real Envoy. */
async function untilHeld(envoy: RunningEnvoy, services: number): Promise<void> {
  const held = async (): Promise<boolean> => {
    const [clusters = 0] = (await envoy.stats('cluster_manager.active_clusters')).values();
    return clusters >= services;
  };
  await until(held, { what: 'Envoy to hold all services', timeout: 120_000, interval: GAP_MS });
}

function fileSource(): Source {
  const config = tempDir('q-bench-');
  return {
    config,
    args: [],
    write: (operation) => {
      const { kind, metadata, ...rest } = objectOf(operation);
      const folder = join(config, metadata.namespace);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${kind}-${metadata.name}.yaml`);
      // JSON is YAML.
      writeFileSync(`${file}.new`, JSON.stringify({ kind, metadata, ...rest }));
      renameSync(`${file}.new`, file);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  };
}

async function kubernetesSource(): Promise<Source> {
  const kubernetes = await startKubernetes();
  const { stdout } = await quartet('manifest', 'generate');
  await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], stdout);
  const client = new KubeClient(kubernetes.client.config);
  for (let n = 0; n < 10; n++) await kubernetes.kubectl(['create', 'namespace', namespaceOf(n)]);
  return {
    config: tempDir('q-bench-'),
    args: ['--kubeconfig', kubernetes.kubeconfig],
    write: (operation) => apply(client, objectOf(operation)),
    stop: async () => {
      client.close();
      await kubernetes.stop();
    },
  };
}

interface MeshObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: unknown;
}

function objectOf({ key, content }: Put): MeshObject {
  const { group, kind, namespace, name, spec } = decodeContent(key, content);
  return { apiVersion: `${group}/v1`, kind, metadata: { namespace, name }, spec };
}

const PLURALS: Readonly<Record<string, string>> = {
  ServiceEntry: 'serviceentries',
  VirtualService: 'virtualservices',
};

async function apply(client: KubeClient, object: MeshObject): Promise<void> {
  const { namespace, name } = object.metadata;
  const type = { group: 'networking.istio.io', version: 'v1', plural: PLURALS[object.kind]! };
  const query = { fieldManager: 'bench', force: true };
  const path = `${resourcePath(type, namespace)}/${name}`;
  await client.send('PATCH', path, { body: object, contentType: PATCH.apply, query });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
}

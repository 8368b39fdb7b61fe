import { createHash } from 'node:crypto';
import {
  Discovery,
  KubeClient,
  parseKubeconfig,
  Reflector,
  type ClusterConfig,
  type KubeObject,
} from '#common/kube';
import { savedClusters } from './object-journal.js';
import { unreadSecrets } from '../secrets/unread-secrets.js';
import { ClusterIngest, type ClusterIngestOptions, type ClusterReport } from './cluster-ingest.js';

/** The label of Secrets that hold kubeconfigs, each under the name of its cluster. */
const LABEL = 'istio/multiCluster=true';
const NAMESPACE = 'istio-system';
/** Behind the cluster that Pilot runs in; among each other by their names. */
const RANK = 1;

export interface RemoteClustersOptions extends Pick<
  ClusterIngestOptions,
  'stateDir' | 'discover' | 'onState' | 'timings' | 'log'
> {
  /** Of the cluster with the Secrets, whose own name is `own`. */
  readonly client: KubeClient;
  readonly own: string;
}

interface Remote {
  /** Of the kubeconfig; empty while that is not known. */
  print: string;
  readonly ingest: ClusterIngest;
}

/**
 * The other clusters of the mesh, by the kubeconfigs in Secrets. None of them is waited for.
 *
 * @see https://istio.io/latest/docs/setup/install/multicluster/
 */
export class RemoteClusters {
  private readonly discovery: Discovery;
  private readonly secrets: Reflector<ReadonlyMap<string, string>>;
  private readonly bySecret = new Map<string, ReadonlyMap<string, string>>();
  private readonly running = new Map<string, Remote>();
  private readonly problems = new Map<string, string>();
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: RemoteClustersOptions) {
    const { client, timings, log } = options;
    this.discovery = new Discovery(client);
    this.secrets = new Reflector({
      client,
      discovery: this.discovery,
      type: { group: '', version: 'v1', plural: 'secrets' },
      namespace: NAMESPACE,
      query: { labelSelector: LABEL },
      keep: kubeconfigsOf,
      onStir: () => this.stir(),
      ...(timings && { timings }),
      log,
    });
  }

  /** What was saved of other clusters holds until the Secrets say that they are none of ours. */
  async start(): Promise<void> {
    for (const id of await savedClusters(this.options.stateDir))
      if (id !== this.options.own) await this.remote(id).ingest.load();
    this.secrets.start();
  }

  async close(): Promise<void> {
    this.discovery.close();
    await this.secrets.close();
    await this.work;
    await Promise.all([...this.running.values()].map(({ ingest }) => ingest.close()));
  }

  reports(): ClusterReport[] {
    const running = [...this.running].map(([id, { ingest }]) => {
      const report = ingest.report();
      return { ...report, detail: this.problems.get(id) ?? report.detail };
    });
    const refused = [...this.problems].filter(([id]) => !this.running.has(id));
    return [
      ...running,
      ...refused.map(([cluster, detail]) => ({ cluster, state: 'waiting' as const, detail, types: [] })),
    ];
  }

  /** Why the Secrets cannot be read; empty while they can. */
  get details(): string[] {
    const { state } = this.secrets;
    return state.kind === 'stale' ? [unreadSecrets(NAMESPACE, state)] : [];
  }

  private stir(): void {
    for (const change of this.secrets.take()) {
      if (change.op === 'put') this.bySecret.set(change.key, change.object);
      else this.bySecret.delete(change.key);
    }
    if (this.secrets.synced) this.work = this.work.then(() => this.reconcile());
    this.options.onState();
  }

  private async reconcile(): Promise<void> {
    const wanted = new Map([...this.bySecret].sort().flatMap(([, clusters]) => [...clusters]));
    wanted.delete(this.options.own);
    for (const [id, { ingest }] of [...this.running]) {
      if (wanted.has(id)) continue;
      this.running.delete(id);
      ingest.forget();
      await ingest.close();
    }
    this.problems.clear();
    for (const [id, text] of wanted) await this.follow(id, text);
  }

  private async follow(id: string, text: string): Promise<void> {
    const { log } = this.options;
    const known = this.running.get(id);
    if (known?.print === printOf(text)) return;
    try {
      const client = new KubeClient(selfContained(parseKubeconfig(text, '/')));
      const remote = this.remote(id);
      if (!known) await remote.ingest.load();
      remote.print = printOf(text);
      await remote.ingest.follow(client);
      log.info({ cluster: id }, 'following another cluster');
    } catch (error) {
      this.problems.set(id, (error as Error).message);
      log.warn({ cluster: id, reason: (error as Error).message }, 'the kubeconfig of a cluster is of no use');
    }
  }

  private remote(id: string): Remote {
    let remote = this.running.get(id);
    if (!remote) {
      const { stateDir, discover, onState, timings, log } = this.options;
      const common = { stateDir, discover, onState, ...(timings && { timings }), log };
      remote = { print: '', ingest: new ClusterIngest({ ...common, id: { id, rank: RANK } }) };
      this.running.set(id, remote);
    }
    return remote;
  }
}

/**
 * Whoever may write a Secret is not to have Pilot run a program, or send a file of its own to a server.
 *
 * @throws where a kubeconfig refers to anything outside itself
 */
export function selfContained(config: ClusterConfig): ClusterConfig {
  const { ca, user } = config;
  if (user.exec) throw new Error('a kubeconfig in a Secret may not name a program to run');
  const materials = [ca, user.token, user.certificate, user.key];
  if (materials.some((material) => material && 'file' in material))
    throw new Error('a kubeconfig in a Secret may not name files: it is to hold what is in them');
  return config;
}

function kubeconfigsOf(object: KubeObject): ReadonlyMap<string, string> {
  const { data = {} } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  return new Map(
    Object.entries(data).map(([id, text]) => [id, Buffer.from(text, 'base64').toString('utf8')]),
  );
}

function printOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

import { mkdir } from 'node:fs/promises';
import { Gauge, Counter, type Registry as Metrics } from 'prom-client';
import { KubeClient, type ClusterConfig, type ReflectorTimings } from '#common/kube';
import type { Logger } from '#common/logger';
import type { Readiness } from '#common/service';
import type { CredentialChange } from '../../model/credential.js';
import type { ProvenIdentity } from '../../model/proxy.js';
import type { RegistryChange } from '../../model/registry.js';
import type { SecretReport } from '../../registries/secrets/secret-ledger.js';
import { KubernetesSecrets } from '../secrets/kubernetes-secrets.js';
import { ClusterIngest, type ClusterReport } from './cluster-ingest.js';
import { RemoteClusters } from './remote-clusters.js';

export interface KubernetesIngestOptions {
  readonly cluster: ClusterConfig;
  /** What proxies call the cluster, in CLUSTER_ID. */
  readonly clusterId: string;
  readonly stateDir: string;
  readonly discover: (change: RegistryChange) => void;
  /** Namespaces whose Secrets gateways may get. */
  readonly secretNamespaces: readonly string[];
  readonly learn: (change: CredentialChange) => void;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly timings?: ReflectorTimings;
}

/** The clusters of the mesh: that which Pilot runs in or beside, and those whose kubeconfigs are there in Secrets. */
export class KubernetesIngest {
  private readonly own: ClusterIngest;
  private readonly client: KubeClient;
  private readonly remote: RemoteClusters;
  private readonly secrets: KubernetesSecrets;
  private readonly events: Counter;
  private told = new Map<string, string>();

  constructor(private readonly options: KubernetesIngestOptions) {
    const { cluster, clusterId, stateDir, timings, log, readiness, metrics } = options;
    this.client = new KubeClient(cluster);
    this.events = new Counter({
      name: 'pilot_k8s_reg_events',
      help: 'Changes of services and workloads that Kubernetes reported',
      labelNames: ['cluster', 'type'],
      registers: [metrics],
    });
    const common = {
      stateDir,
      discover: (change: RegistryChange) => this.discover(change),
      onState: () => this.tell(),
      ...(timings && { timings }),
      log,
    };
    this.own = new ClusterIngest({ ...common, id: { id: clusterId, rank: 0 } });
    this.remote = new RemoteClusters({ ...common, client: this.client, own: clusterId });
    this.secrets = new KubernetesSecrets({
      client: this.client,
      cluster: clusterId,
      namespaces: options.secretNamespaces,
      learn: options.learn,
      onState: () => this.tell(),
      ...(timings && { timings }),
      log,
    });
    readiness.expect(this.condition, 'waiting for the first list');
    this.collect(metrics);
  }

  async start(): Promise<void> {
    await mkdir(this.options.stateDir, { recursive: true, mode: 0o700 });
    this.secrets.start();
    await this.remote.start();
    await this.own.load();
    await this.own.follow(new KubeClient(this.options.cluster));
  }

  async stop(): Promise<void> {
    await this.secrets.close();
    await this.remote.close();
    await this.own.close();
    this.client.close();
  }

  /** How each cluster stands, the own one first. */
  reports(): ClusterReport[] {
    const own = this.own.report();
    const details = [own.detail, ...this.remote.details, ...this.secrets.details].filter(Boolean);
    return [{ ...own, detail: [...new Set(details)].join('; ') }, ...this.remote.reports()];
  }

  /** What is known of Secrets, without what they hold. */
  secretReports(): SecretReport[] {
    return this.secrets.reports();
  }

  /** A proxy of this identity asks for secrets. */
  secretsAsked(identity: ProvenIdentity): void {
    this.secrets.asked(identity);
  }

  private get condition(): string {
    return `registry ${this.options.clusterId}`;
  }

  private discover(change: RegistryChange): void {
    this.events.inc({ cluster: change.registry.id, type: 'service' }, change.services.size);
    this.events.inc({ cluster: change.registry.id, type: 'workload' }, change.workloads.size);
    this.options.discover(change);
  }

  /** Ready with what was saved, too; the detail says so. Other clusters are nobody's condition. */
  private tell(): void {
    const { readiness, log } = this.options;
    for (const { cluster, state, detail } of this.reports()) {
      const text = [state, detail].filter(Boolean).join(': ');
      if (this.told.get(cluster) === text) continue;
      this.told.set(cluster, text);
      const level = state === 'live' ? 'info' : state === 'waiting' ? 'debug' : 'warn';
      log[level]({ cluster, state, detail }, 'how a cluster is known');
      if (cluster === this.options.clusterId) readiness.set(this.condition, state !== 'waiting', text);
    }
  }

  private collect(metrics: Metrics): void {
    const gauge = (
      name: string,
      help: string,
      labels: string[],
      value: (report: ClusterReport) => Labelled[],
    ) => {
      const read = (): ClusterReport[] => this.reports();
      return new Gauge({
        name,
        help,
        labelNames: ['cluster', ...labels],
        registers: [metrics],
        collect() {
          this.reset();
          for (const report of read())
            for (const [more, number] of value(report))
              this.set({ cluster: report.cluster, ...more }, number);
        },
      });
    };
    gauge(
      'pilot_registry_stale',
      '1 while what is known of a cluster is not what it says now',
      [],
      (report) => [[{}, report.state === 'live' ? 0 : 1]],
    );
    gauge('pilot_registry_objects', 'Objects of a cluster that are known', ['type'], ({ types }) =>
      types.map(({ type, objects }) => [{ type }, objects]),
    );
  }
}

type Labelled = [labels: Record<string, string>, value: number];

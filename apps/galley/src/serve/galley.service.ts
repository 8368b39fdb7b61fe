import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { KubeClient } from '#common/kube';
import { connectNats } from '#common/nats';
import { prepareState, Readiness } from '#common/service';
import type { Logger } from '#common/service';
import { TrustBundleWatch } from '#common/trust-bundle';
import { splitKey } from '#config';
import type { Diagnostic, ResourceKey } from '#config';
import type { GalleyConfig } from '../galley.config.js';
import type { ConfigDescription, ConfigPage, ConfigQuery } from '../analyze/listing.js';
import { Pipeline } from '../pipeline.js';
import { ElectedAuthor, SoleAuthor } from '../publish/authorship.js';
import type { Authorship } from '../publish/authorship.js';
import type { SourceProblem } from '../analyze/report.js';
import { clusterFile } from '../snapshot/units.js';
import type { ClusterSource } from '../sources/sources.js';
import { PilotQuestions } from '../status/ask-pilots.js';
import { FleetWatch } from '../status/fleet-watch.js';
import { missingSecretDiagnostics } from '../status/missing-secrets.js';
import { StatusKeeper } from '../status/status-keeper.js';
import { withdrawnDiagnostics } from '../status/withdrawn.js';
import { Admission } from '../webhook/admission.js';
import { GalleyMetrics } from './metrics.js';

export const CONFIG = Symbol('GalleyConfig');
export const LOGGER = Symbol('Logger');

/** What is in force, in brief. */
export interface SnapshotSummary {
  readonly epoch: string;
  readonly revision: number;
  readonly stateHash: string;
  /** Resources by `group/kind`. */
  readonly instances: Readonly<Record<string, number>>;
  readonly nats: 'connected' | 'away';
  /** Of several replicas one leads: it writes the config log. */
  readonly role: 'leader' | 'standby';
}

/** Runs the pipeline within Nest's lifecycle, and answers for it. */
@Injectable()
export class GalleyService implements OnModuleInit, OnApplicationShutdown {
  private authorship: Authorship;
  private pipeline: Pipeline;
  private readonly kube: KubeClient | undefined;
  private admission: Admission | undefined;
  private statuses: StatusKeeper | undefined;
  private readonly pilots: PilotQuestions;
  private readonly watch: FleetWatch;

  constructor(
    @Inject(CONFIG) private readonly config: GalleyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly readiness: Readiness,
    @Inject(TrustBundleWatch) private readonly bundle: TrustBundleWatch,
  ) {
    readiness.expect('config', 'the config is being read');
    this.kube = config.cluster && new KubeClient(config.cluster);
    this.pilots = new PilotQuestions(() => connectNats({ ...config.nats, name: 'galley', log: logger }));
    this.watch = new FleetWatch({ fleet: () => this.pilots.fleet(), log: logger });
  }

  /** Ready once the sources were read: NATS may be away, what is accepted waits on the own disk. */
  async onModuleInit(): Promise<void> {
    const { config, logger } = this;
    this.authorship = await this.openAuthorship();
    const metrics = new GalleyMetrics(
      () => this.diagnostics(),
      () => this.instances(),
    );
    this.statuses = this.openStatuses();
    this.pipeline = new Pipeline({
      ...(config.config !== undefined && { root: config.config }),
      ...(this.kube && { cluster: this.clusterSource(this.kube) }),
      restored: this.authorship.state.resources,
      onCommit: (commit) => {
        metrics.committed(commit);
        this.statuses?.committed(commit);
      },
      onChange: (changes, touched) => {
        this.statuses?.observe(changes);
        this.statuses?.touched(touched);
      },
      told: (key) => this.missingSecrets(key),
      log: logger,
    });
    await this.authorship.start(this.pipeline);
    await this.pipeline.start();
    this.readiness.set('config', true);
    this.admission = this.openAdmission(metrics);
    await this.admission?.start();
    this.statuses?.start();
    this.watch.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.admission?.close();
    await this.statuses?.close();
    await this.watch.close();
    await this.pilots.close();
    await this.pipeline?.close();
    await this.authorship?.close();
    this.kube?.close();
  }

  diagnostics(): Diagnostic[] {
    const { damage, problem } = this.authorship;
    const sources = [
      this.problem('unreadable', this.leaseProblem(problem)),
      this.problem('admission', this.admission?.problem),
      this.problem(
        'unreadable',
        this.statuses?.problem && `status cannot be written: ${this.statuses.problem}`,
      ),
    ];
    const { refused, missing = [] } = this.watch.fleet ?? {};
    const { resources } = this.authorship.state;
    const withdrawn = withdrawnDiagnostics(refused?.values() ?? [], resources);
    return [
      ...this.pipeline.diagnostics({ damage, sources: sources.flat() }),
      ...withdrawn,
      ...missingSecretDiagnostics(missing, resources),
    ];
  }

  list(query: ConfigQuery): ConfigPage {
    return this.pipeline.list(query);
  }

  describe(key: ResourceKey): ConfigDescription[] {
    return this.pipeline.describe(key);
  }

  snapshot(): SnapshotSummary {
    const { state, connected, leading } = this.authorship;
    const { epoch, revision, stateHash } = state;
    const instances = Object.fromEntries(this.instances());
    return {
      epoch,
      revision,
      stateHash,
      instances,
      nats: connected ? 'connected' : 'away',
      role: leading ? 'leader' : 'standby',
    };
  }

  private async openAuthorship(): Promise<Authorship> {
    const { config, logger, kube } = this;
    const log = {
      stateDir: join(prepareState(config.state), 'config-log'),
      connect: () => connectNats({ ...config.nats, name: 'galley', log: logger }),
      replicas: config.logReplicas,
      log: logger,
    };
    if (!config.lease || !kube) return SoleAuthor.open(log);
    const identity = `${hostname()}_${randomUUID()}`;
    return ElectedAuthor.open(log, { client: kube, ...config.lease, identity, log: logger });
  }

  private openAdmission(metrics: GalleyMetrics): Admission | undefined {
    const { kube, bundle, config, logger } = this;
    if (!kube || !config.webhook) return undefined;
    return new Admission({
      config: config.webhook,
      state: config.state,
      client: kube,
      bundle,
      examine: (reading) => this.pipeline.examine(reading),
      ready: () => this.readiness.ready,
      leads: () => this.authorship.certain,
      onVerdict: (verdict) => metrics.judged(verdict),
      onHttpError: (status) => metrics.failed(status),
      onApplied: () => metrics.registered(),
      log: logger,
    });
  }

  /** What is wrong with the secrets that a resource names, as far as Pilots have said. */
  private missingSecrets(key: ResourceKey): Diagnostic[] {
    const missing = this.watch.fleet?.missing.filter(({ config }) => config === key) ?? [];
    return missingSecretDiagnostics(missing, this.authorship.state.resources);
  }

  private openStatuses(): StatusKeeper | undefined {
    const { kube, config, logger } = this;
    if (!kube || !config.writeStatus) return undefined;
    return new StatusKeeper({
      client: kube,
      leads: () => this.authorship.certain,
      standing: (unit, key) => this.pipeline.standing(unit, key),
      contradicted: () => this.pipeline.refreshConflicts(),
      fleet: () => this.watch.ask(),
      revision: () => this.authorship.state.revision,
      log: logger,
    });
  }

  private leaseProblem(reason: string | undefined): string | undefined {
    const { lease } = this.config;
    return reason && `the lease ${lease?.name} ${reason}`;
  }

  private problem(kind: SourceProblem['kind'], message: string | undefined): SourceProblem[] {
    return message === undefined ? [] : [{ file: clusterFile(this.config.clusterName), kind, message }];
  }

  private clusterSource(client: KubeClient): ClusterSource {
    const { clusterName: name, revision } = this.config;
    return { client, name, ...(revision !== undefined && { revision }) };
  }

  private instances(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const key of this.authorship.state.resources.keys()) {
      const { group, kind } = splitKey(key);
      counts.set(`${group}/${kind}`, (counts.get(`${group}/${kind}`) ?? 0) + 1);
    }
    return counts;
  }
}

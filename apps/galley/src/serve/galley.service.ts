import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ConfigLogWriter } from '#common/config-log';
import { KubeClient } from '#common/kube';
import { connectNats } from '#common/nats';
import { prepareState, Readiness } from '#common/service';
import type { Logger } from '#common/service';
import { splitKey } from '#config';
import type { Diagnostic } from '#config';
import type { GalleyConfig } from '../galley.config.js';
import { Pipeline } from '../pipeline.js';
import type { ClusterSource } from '../sources/sources.js';
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
}

/** Runs the pipeline within Nest's lifecycle, and answers for it. */
@Injectable()
export class GalleyService implements OnModuleInit, OnApplicationShutdown {
  private writer: ConfigLogWriter;
  private pipeline: Pipeline;
  private readonly kube: KubeClient | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: GalleyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly readiness: Readiness,
  ) {
    readiness.expect('config', 'the config is being read');
    this.kube = config.cluster && new KubeClient(config.cluster);
  }

  /** Ready once the sources were read: NATS may be away, what is accepted waits on the own disk. */
  async onModuleInit(): Promise<void> {
    const { config, logger } = this;
    this.writer = await ConfigLogWriter.open({
      stateDir: join(prepareState(config.state), 'config-log'),
      connect: () => connectNats({ ...config.nats, name: 'galley', log: logger }),
      log: logger,
    });
    const metrics = new GalleyMetrics(
      () => this.diagnostics(),
      () => this.instances(),
    );
    this.pipeline = new Pipeline({
      ...(config.config !== undefined && { root: config.config }),
      ...(this.kube && { cluster: this.clusterSource(this.kube) }),
      writer: this.writer,
      damage: this.writer.damage,
      onCommit: (commit) => metrics.committed(commit),
      log: logger,
    });
    await this.pipeline.start();
    this.readiness.set('config', true);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pipeline?.close();
    await this.writer?.close();
    this.kube?.close();
  }

  diagnostics(): Diagnostic[] {
    return this.pipeline.diagnostics();
  }

  snapshot(): SnapshotSummary {
    const { epoch, revision, stateHash } = this.writer.state;
    const instances = Object.fromEntries(this.instances());
    return { epoch, revision, stateHash, instances, nats: this.writer.connected ? 'connected' : 'away' };
  }

  private clusterSource(client: KubeClient): ClusterSource {
    const { clusterName: name, revision } = this.config;
    return { client, name, ...(revision !== undefined && { revision }) };
  }

  private instances(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const key of this.writer.state.resources.keys()) {
      const { group, kind } = splitKey(key);
      counts.set(`${group}/${kind}`, (counts.get(`${group}/${kind}`) ?? 0) + 1);
    }
    return counts;
  }
}

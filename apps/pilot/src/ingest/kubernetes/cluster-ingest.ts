import { staleReason, type KubeClient, type ReflectorTimings } from '#common/kube';
import type { Logger } from '#common/logger';
import { isNothing, type RegistryChange, type RegistryId } from '../../model/registry.js';
import { KubernetesRegistry } from '../../registries/kubernetes/kubernetes-registry.js';
import type { KubeEdit } from '../../registries/kubernetes/objects.js';
import { ClusterWatch, type TypeState } from './cluster-watch.js';
import { journalOf, ObjectJournal } from './object-journal.js';

export interface ClusterIngestOptions {
  readonly id: RegistryId;
  /** Folder for what the cluster said last. */
  readonly stateDir: string;
  /** Takes in what the cluster says; the first call states all of it. */
  readonly discover: (change: RegistryChange) => void;
  readonly onState: () => void;
  readonly timings?: ReflectorTimings;
  readonly log: Logger;
}

/**
 * `waiting`: nothing is known yet. `saved`: what was known before the start. `live`: all that there is. `stale`: what
 * was known when something went wrong.
 */
export type ClusterState = 'waiting' | 'saved' | 'live' | 'stale';

/** How a cluster stands, as people are shown it. */
export interface ClusterReport {
  readonly cluster: string;
  readonly state: ClusterState;
  /** Empty while all is well. */
  readonly detail: string;
  readonly types: readonly TypeState[];
}

/** Feeds the pipeline from one cluster; while that is away, with what it said last. It never says less than it knows. */
export class ClusterIngest {
  private registry: KubernetesRegistry;
  private readonly journal: ObjectJournal;
  private client: KubeClient | undefined;
  private watch: ClusterWatch | undefined;
  private known = false;
  private heard = false;

  constructor(private readonly options: ClusterIngestOptions) {
    const { id, stateDir, log } = options;
    this.registry = KubernetesRegistry.empty(id);
    this.journal = new ObjectJournal(journalOf(stateDir, id.id), () => this.registry.edits(), log);
  }

  /** Takes up what was saved. */
  async load(): Promise<void> {
    const saved = await this.journal.load();
    if (saved.length > 0) this.take(saved);
  }

  /** Listens to the cluster, from now on by this client. */
  async follow(client: KubeClient): Promise<void> {
    await this.hangUp();
    const { timings, log, onState } = this.options;
    this.client = client;
    this.watch = new ClusterWatch({
      client,
      expected: (type) => this.registry.keys(type),
      onEdits: (edits) => {
        this.heard = true;
        this.take(edits);
        this.journal.append(edits);
      },
      onState,
      ...(timings && { timings }),
      log,
    });
    this.watch.start();
  }

  async close(): Promise<void> {
    await this.hangUp();
    await this.journal.close();
  }

  private async hangUp(): Promise<void> {
    await this.watch?.close();
    this.client?.close();
  }

  /** The cluster is not one of ours any more. */
  forget(): void {
    const gone = [...this.registry.edits()].map((edit): KubeEdit => ({ ...edit, object: undefined }));
    this.take(gone);
    this.journal.append(gone);
  }

  report(): ClusterReport {
    const types = this.watch?.states() ?? [];
    const missing = types.filter(({ state }) => state.kind !== 'live');
    const detail = missing.map(({ type, state }) => `${type}: ${reasonOf(state)}`).join('; ');
    return { cluster: this.options.id.id, state: this.stateBy(types), detail, types };
  }

  private stateBy(types: readonly TypeState[]): ClusterState {
    if (!this.known) return 'waiting';
    if (!this.heard) return 'saved';
    return types.every(({ state }) => state.kind === 'live') ? 'live' : 'stale';
  }

  private take(edits: readonly KubeEdit[]): void {
    const { registry, change } = this.registry.apply(edits);
    this.registry = registry;
    const first = !this.known;
    this.known = true;
    if (first || !isNothing(change)) this.options.discover(change);
    this.options.onState();
  }
}

function reasonOf(state: TypeState['state']): string {
  return state.kind === 'stale' ? staleReason(state) : state.kind;
}

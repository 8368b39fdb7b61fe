import type { Commit, ConfigChange } from '#common/config-log';
import type { Diagnostic, ResourceKey } from '#config';
import type { World } from './model/contract.js';
import type { CredentialChange } from './model/credential.js';
import type { RegistryChange } from './model/registry.js';
import type { Consequence, EngineUpdate, PushEngine } from './push/engine.js';
import type { ProxyConnection } from './push/proxy-connection.js';

/** What one change came to. */
export interface Outcome {
  readonly diagnostics: readonly Diagnostic[];
  /** The proxies that it concerns. */
  readonly concerned: ReadonlySet<ProxyConnection>;
}

/** Whom Pilot hears of things from: `config`, the config log, and registries by their ids. */
export type Source = string;

/**
 * Pilot, stage by stage: a change comes in (ingest/), makes a new world (world/, registries/), whose changed facts
 * lead through the index to the resources that depend on them (cache/), which are selected and generated again
 * (generate/) where their inputs differ; the proxies that hold them (push/) get the difference, in order (ads/).
 */
export class Pipeline {
  private readonly silent: Set<Source>;

  /**
   * @param first the empty world
   * @param sources those that must all have said something before any proxy is told of a world
   * @param now for the traces of changes
   */
  constructor(
    private first: World,
    private readonly engine: PushEngine,
    private readonly follow: (consequence: Consequence) => void,
    sources: readonly Source[] = ['config'],
    private readonly now?: () => number,
  ) {
    this.silent = new Set(sources);
  }

  take(change: ConfigChange, receivedAt: number): Outcome {
    const before = this.world;
    const update = before.apply(change);
    if (this.engine.ready) this.engine.withdrawals.forms.changed(before, update.world, keysOf(change));
    const commit = change.kind === 'commit' ? change.commit : undefined;
    const committedAt = commit && Date.parse(commit.time);
    const concerned = this.push('config', {
      ...update,
      ...{ committedAt, receivedAt },
      ...(commit && { about: tracedPart(commit) }),
      ...(this.now && { now: this.now }),
    });
    return { diagnostics: update.diagnostics, concerned };
  }

  /** What a platform says of services and workloads. */
  discover(change: RegistryChange, receivedAt: number): Outcome {
    const update = this.world.apply(change);
    const cause = 'registry' as const;
    const concerned = this.push(change.registry.id, { ...update, cause, committedAt: undefined, receivedAt });
    return { diagnostics: update.diagnostics, concerned };
  }

  /** What became of secrets. Nobody waits for these but who asked for one. */
  learn(change: CredentialChange, receivedAt: number): void {
    const update = this.world.apply(change);
    this.push(change.source, { ...update, cause: 'registry', committedAt: undefined, receivedAt });
  }

  /** The engine's world is the newest: it leaves out what proxies refuse. */
  private get world(): World {
    return this.engine.world ?? this.first;
  }

  private push(source: Source, update: EngineUpdate): ReadonlySet<ProxyConnection> {
    this.silent.delete(source);
    if (this.silent.size > 0) {
      this.first = update.world;
      return new Set();
    }
    const consequence = this.engine.update(update);
    this.follow(consequence);
    return consequence.concerned;
  }
}

/** Resources of one commit that its trace names. */
const MAX_TRACED = 20;

function tracedPart({ operations, heard }: Commit): NonNullable<EngineUpdate['about']> {
  const changed = operations.slice(0, MAX_TRACED).map((operation) => {
    const { op, key } = operation;
    return { key, op, ...(operation.op !== 'delete' && { origin: operation.origin }) };
  });
  return {
    changed,
    moreChanged: operations.length - changed.length,
    ...(heard !== undefined && { heardAt: Date.parse(heard) }),
  };
}

function keysOf(change: ConfigChange): ResourceKey[] {
  if (change.kind === 'reset') return [...change.state.resources.keys()];
  return change.commit.operations.map(({ key }) => key);
}

import type { ConfigChange } from '#common/config-log';
import type { Diagnostic, ResourceKey } from '#config';
import type { World } from './model/contract.js';
import type { Consequence, PushEngine } from './push/engine.js';
import type { ProxyConnection } from './push/proxy-connection.js';

/** What one change came to. */
export interface Outcome {
  readonly diagnostics: readonly Diagnostic[];
  /** The proxies that it concerns. */
  readonly concerned: ReadonlySet<ProxyConnection>;
}

/**
 * Pilot, stage by stage: a change comes in (ingest/), makes a new world (world/, registries/), whose changed facts
 * lead through the index to the resources that depend on them (cache/), which are selected and generated again
 * (generate/) where their inputs differ; the proxies that hold them (push/) get the difference, in order (ads/).
 */
export class Pipeline {
  constructor(
    private readonly empty: World,
    private readonly engine: PushEngine,
    private readonly follow: (consequence: Consequence) => void,
  ) {}

  take(change: ConfigChange, receivedAt: number): Outcome {
    // The engine's world is the newest: it leaves out what proxies refuse.
    const before = this.engine.world ?? this.empty;
    const { world, changed, diagnostics } = before.apply(change);
    if (this.engine.ready) this.engine.withdrawals.forms.changed(before, world, keysOf(change));
    const committedAt = change.kind === 'commit' ? Date.parse(change.commit.time) : undefined;
    const consequence = this.engine.update({ world, changed, committedAt, receivedAt });
    this.follow(consequence);
    return { diagnostics, concerned: consequence.concerned };
  }
}

function keysOf(change: ConfigChange): ResourceKey[] {
  if (change.kind === 'reset') return [...change.state.resources.keys()];
  return change.commit.operations.map(({ key }) => key);
}

import type { Commit, ConfigChange } from '#common/config-log';
import type { Diagnostic, ResourceKey } from '#config';
import type { World } from './model/contract.js';
import type { PushEngine } from './push/engine.js';
import type { ProxyConnection } from './push/proxy-connection.js';

/** What one change came to. */
export interface Outcome {
  readonly diagnostics: readonly Diagnostic[];
  /** The proxies that it concerns. */
  readonly concerned: readonly ProxyConnection[];
}

function keysPut({ operations }: Commit): ResourceKey[] {
  return operations.flatMap((operation) => (operation.op === 'put' ? [operation.key] : []));
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
    private readonly push: (connections: readonly ProxyConnection[]) => void,
  ) {}

  take(change: ConfigChange, receivedAt: number): Outcome {
    // The engine's world is the newest: it leaves out what proxies refuse.
    const { world, changed, diagnostics } = (this.engine.world ?? this.empty).apply(change);
    if (change.kind === 'commit') this.engine.withdrawals.changed(keysPut(change.commit));
    const committedAt = change.kind === 'commit' ? Date.parse(change.commit.time) : undefined;
    const concerned = this.engine.update({ world, changed, committedAt, receivedAt });
    this.push(concerned);
    return { diagnostics, concerned };
  }
}

import type { ConfigChange, Operation, StoredResource } from '#common/config-log';
import type { ResourceKey } from '#config';
import { decodeContent, splitKey } from '#config';
import type { ConfigEntry } from '../config/entries.js';
import { isRelevant, MIXER_GROUP } from '../config/entries.js';

/** Which part of the config a change was about. */
export interface Touched {
  readonly policy: boolean;
  readonly workloads: boolean;
}

/**
 * The resources that Mixer reads, as the config log has them. Policy and workloads are kept apart, because workloads
 * come and go all day and must not compile every rule again.
 */
export class ConfigStore {
  private policyEntries = new Map<ResourceKey, ConfigEntry>();
  private workloadEntries = new Map<ResourceKey, ConfigEntry>();

  get policy(): ReadonlyMap<ResourceKey, ConfigEntry> {
    return this.policyEntries;
  }

  get workloads(): ReadonlyMap<ResourceKey, ConfigEntry> {
    return this.workloadEntries;
  }

  apply(change: ConfigChange): Touched {
    if (change.kind === 'commit') return this.applyAll(change.commit.operations);
    this.policyEntries = new Map();
    this.workloadEntries = new Map();
    for (const [key, stored] of change.state.resources) this.put(key, stored);
    return { policy: true, workloads: true };
  }

  private applyAll(operations: readonly Operation[]): Touched {
    let [policy, workloads] = [false, false];
    for (const operation of operations) {
      const { group, kind } = splitKey(operation.key);
      if (!isRelevant(group, kind)) continue;
      this.applyOne(operation);
      if (group === MIXER_GROUP) policy = true;
      else if (operation.op !== 'origin') workloads = true;
    }
    return { policy, workloads };
  }

  private applyOne(operation: Operation): void {
    const entries = this.entriesFor(operation.key);
    if (operation.op === 'delete') entries.delete(operation.key);
    else if (operation.op === 'put') this.put(operation.key, operation);
    else {
      const known = entries.get(operation.key);
      if (known) entries.set(operation.key, { ...known, origin: operation.origin });
    }
  }

  private put(key: ResourceKey, { content, origin }: StoredResource): void {
    const { group, kind } = splitKey(key);
    if (isRelevant(group, kind))
      this.entriesFor(key).set(key, { resource: decodeContent(key, content), origin });
  }

  private entriesFor(key: ResourceKey): Map<ResourceKey, ConfigEntry> {
    return splitKey(key).group === MIXER_GROUP ? this.policyEntries : this.workloadEntries;
  }
}

import type { ResourceKey } from '#config';
import type { Config } from '../../model/config.js';
import type { World } from '../../model/contract.js';

/** Configs of which earlier forms are remembered; those that changed longest ago are forgotten first. */
const CONFIG_LIMIT = 1_000;
/** Forms of one config, so that several edits before the first answer do not push the good one out. */
const FORM_LIMIT = 3;

/** What the configs that have changed were before: where a newer form is refused, one of these is its last good one. */
export class EarlierForms {
  /** In the order of the changes, the newest last. */
  private readonly byKey = new Map<ResourceKey, { readonly at: number; readonly forms: readonly Config[] }>();
  private clock = 0;

  /** @param onChange hears of every config whose earlier forms are others now */
  constructor(private readonly onChange: (key: ResourceKey) => void = () => undefined) {}

  /** Those of one config, the newest first; none where it is new, or has not changed for long. */
  of(key: ResourceKey): readonly Config[] {
    return this.byKey.get(key)?.forms ?? [];
  }

  /** When a config got its present form, as a number that grows; 0 for those that have not changed since the start. */
  changedAt(key: ResourceKey): number {
    return this.byKey.get(key)?.at ?? 0;
  }

  keys(): IterableIterator<ResourceKey> {
    return this.byKey.keys();
  }

  /** One change: `keys` may be more than those that it changed. */
  changed(before: World, after: World, keys: Iterable<ResourceKey>): void {
    this.clock++;
    for (const key of keys) {
      const [old, next] = [before.inForce(key), after.config(key)];
      if (!next) this.forget(key);
      else if (old?.digest !== next.digest) this.keep(key, old, next);
    }
  }

  /** What was known before a restart, in the order of the changes; without any, it is forgotten. */
  restore(key: ResourceKey, forms: readonly Config[]): void {
    this.byKey.delete(key);
    if (forms.length > 0) this.byKey.set(key, { at: ++this.clock, forms: forms.slice(0, FORM_LIMIT) });
  }

  private keep(key: ResourceKey, old: Config | undefined, next: Config): void {
    const known = [...(old ? [old] : []), ...this.of(key)];
    const distinct = new Map(known.map((form) => [form.digest, form]).reverse() as [string, Config][]);
    distinct.delete(next.digest);
    this.byKey.delete(key);
    this.byKey.set(key, { at: this.clock, forms: [...distinct.values()].reverse().slice(0, FORM_LIMIT) });
    this.onChange(key);
    const [oldest] = this.byKey.keys();
    if (this.byKey.size > CONFIG_LIMIT) this.forget(oldest!);
  }

  /** What was deleted has no last good form: that it is not there is what was wanted last. */
  private forget(key: ResourceKey): void {
    if (this.byKey.delete(key)) this.onChange(key);
  }
}

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Commit } from '#common/config-log';
import { isConflict, isForbidden, isNotFound, PATCH } from '#common/kube';
import type { KubeClient, KubeError, KubeObject } from '#common/kube';
import type { Log } from '#common/nats';
import type { ResourceKey } from '#config';
import type { Standing } from '../analyze/standing.js';
import type { FileChange } from '../sources/change.js';
import type { Unit } from '../snapshot/units.js';
import { statusToWrite } from './desired.js';
import { recordEvent } from './events.js';
import { Forbidden } from './forbidden.js';
import type { Condition, IstioStatus } from './istio-status.js';
import { Pace } from './pace.js';
import type { Fleet, Rollout } from './rollout.js';
import { seenStatus } from './seen.js';
import { writtenObject } from './written-object.js';
import type { WrittenObject } from './written-object.js';

export interface StatusKeeperOptions {
  readonly client: KubeClient;
  /** Only one of several replicas writes. */
  readonly leads: () => boolean;
  readonly standing: (unit: Unit, key: ResourceKey) => Standing | undefined;
  /** Those of which something else is to be said now, beside each other, since this was asked last. */
  readonly contradicted: () => Iterable<ResourceKey>;
  /** What all Pilots say now; undefined where none can be asked. */
  readonly fleet: () => Promise<Fleet | undefined>;
  /** Everything up to this revision is in the log. */
  readonly revision: () => number;
  readonly log: Log;
  readonly pace?: Pace;
}

const TICK_MS = 200;
/** Writes: a burst of so many, then so many a second. A cluster whose 10,000 objects all change is through in 8 min. */
const BURST = 100;
const PER_SECOND = 20;
/** Pilots are asked so often while something is on its way to the proxies, and else. */
const ROLLING_MS = 1_000;
const CALM_MS = 10_000;
/** A rollout that is done in this time is told of once, when it is done; others in between, at most so often. */
const QUICK_MS = 3_000;
const BETWEEN_MS = 5_000;
/** Looking at everything again finds references that lead somewhere now, or nowhere any more. */
const SWEEP_MS = 30_000;
/** Objects looked at in one go; then others get their turn. */
const SLICE = 200;
const REFUSED_PAUSE_MS = 5_000;
/** Beside the kinds of config. */
const EVENT = 'Event';

/**
 * Keeps the status of a cluster's objects true: whether each is accepted and why not, and how far the proxies are with
 * it. What already stands there is not written again. What waits is a set of objects, so it never outgrows the cluster.
 */
export class StatusKeeper {
  private readonly objects = new Map<Unit, WrittenObject>();
  private readonly units = new Map<ResourceKey, Unit>();
  private readonly due = new Set<Unit>();
  private readonly revisions = new Map<ResourceKey, number>();
  private readonly rolling = new Map<ResourceKey, { readonly since: number; told: number }>();
  private readonly closing = new AbortController();
  private readonly pace: Pace;
  private running: Promise<void> | undefined;
  private fleet: Fleet | undefined;
  private asked = -Infinity;
  private swept = 0;
  private stale = true;
  private led = false;
  private trouble: string | undefined;
  private readonly forbidden = new Forbidden();

  constructor(private readonly options: StatusKeeperOptions) {
    this.pace = options.pace ?? new Pace(PER_SECOND, BURST);
  }

  /** Why no status is written, or some are not, if so. */
  get problem(): string | undefined {
    return this.trouble ?? (this.forbidden.messages.join('; ') || undefined);
  }

  /** The cluster's objects changed. */
  observe(changes: readonly FileChange[]): void {
    for (const change of changes) {
      this.stale = true;
      if (change.kind === 'gone') this.forget(change.path);
      if (change.kind !== 'object') continue;
      const object = writtenObject(change);
      if (!object) continue;
      this.objects.set(change.path, object);
      this.units.set(object.key, change.path);
      this.due.add(change.path);
    }
  }

  /** Something else may be in force of these. */
  touched(keys: Iterable<ResourceKey>): void {
    for (const key of keys) this.look(key);
  }

  committed({ revision, operations }: Commit): void {
    const since = performance.now();
    for (const { op, key } of operations) {
      if (op === 'delete') this.revisions.delete(key);
      if (op !== 'put' || !this.units.has(key)) continue;
      this.revisions.set(key, revision);
      this.rolling.set(key, { since, told: since });
    }
  }

  start(): void {
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private forget(unit: Unit): void {
    const object = this.objects.get(unit);
    if (!object) return;
    for (const held of [this.revisions, this.rolling, this.units]) held.delete(object.key);
    this.objects.delete(unit);
    this.due.delete(unit);
  }

  private look(key: ResourceKey): void {
    const unit = this.units.get(key);
    if (unit !== undefined) this.due.add(unit);
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const leads = this.options.leads();
      if (leads && !this.led) for (const unit of this.objects.keys()) this.due.add(unit);
      this.led = leads;
      const pause = leads ? await this.work() : TICK_MS;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  private async work(): Promise<number> {
    try {
      await this.askPilots();
      this.sweep();
      this.touched(this.options.contradicted());
      await this.writeDue();
      return TICK_MS;
    } catch (error) {
      const { message } = error as Error;
      if (this.trouble !== message) this.options.log.warn({ reason: message }, 'cannot write status');
      this.trouble = message;
      return REFUSED_PAUSE_MS;
    }
  }

  private async askPilots(): Promise<void> {
    const now = performance.now();
    if (now - this.asked < (this.rolling.size > 0 ? ROLLING_MS : CALM_MS)) return;
    this.asked = now;
    const fleet = await this.options.fleet();
    if (!fleet) return;
    this.touched(fleet.differsFrom(this.fleet));
    this.fleet = fleet;
    for (const [key, rolling] of this.rolling) this.follow(key, rolling, now, fleet);
  }

  private follow(
    key: ResourceKey,
    rolling: { readonly since: number; told: number },
    now: number,
    fleet: Fleet,
  ): void {
    const done = fleet.holding(this.revisions.get(key) ?? 0) >= fleet.proxies;
    if (done) this.rolling.delete(key);
    else if (now - rolling.since < QUICK_MS || now - rolling.told < BETWEEN_MS) return;
    rolling.told = now;
    this.look(key);
  }

  private sweep(): void {
    const now = performance.now();
    if (!this.stale || now - this.swept < SWEEP_MS) return;
    this.swept = now;
    this.stale = false;
    for (const unit of this.objects.keys()) this.due.add(unit);
  }

  private async writeDue(): Promise<void> {
    let looked = 0;
    for (const unit of this.due) {
      if (this.closing.signal.aborted || !this.options.leads()) return;
      if (++looked % SLICE === 0) await nextTurn();
      this.due.delete(unit);
      const object = this.objects.get(unit);
      if (object && this.forbidden.has(object.kind)) {
        this.stale = true;
        continue;
      }
      const status = object && this.statusOf(unit, object);
      if (!object || !status) continue;
      const wait = this.pace.take();
      if (wait > 0) {
        this.due.add(unit);
        return;
      }
      await this.write(unit, object, status);
    }
  }

  private statusOf(unit: Unit, object: WrittenObject): IstioStatus | undefined {
    const standing = this.options.standing(unit, object.key);
    if (!standing) return undefined;
    const rollout = this.rolloutOf(object);
    return statusToWrite(standing, rollout, object.about, new Date().toISOString());
  }

  /** What was told of an object by an earlier process stays, until its proxies get something new, or refuse it. */
  private rolloutOf({ key, about }: WrittenObject): Rollout | undefined {
    const { fleet } = this;
    if (!fleet) return undefined;
    const revision = this.revisions.get(key);
    const rolling = this.rolling.get(key);
    if (rolling && performance.now() - rolling.since < QUICK_MS && !fleet.refused.has(key)) return undefined;
    const told = about.status.own.get('Reconciled');
    const holds = told?.status === 'True' && about.status.observedGeneration === about.generation;
    if (
      holds &&
      !fleet.refused.has(key) &&
      (revision === undefined || told.message.includes(`revision ${revision}:`))
    )
      return undefined;
    return fleet.rollout(key, revision ?? this.options.revision());
  }

  private async write(unit: Unit, object: WrittenObject, status: IstioStatus): Promise<void> {
    const { client } = this.options;
    const { resourceVersion, path } = object;
    try {
      // Before the status, by which it counts as told of.
      await this.tell(object, status);
      const { body } = await client.send<KubeObject>('PATCH', path, {
        // Whoever changed it meanwhile is heard of soon, and looked at anew.
        body: { metadata: { resourceVersion }, status },
        contentType: PATCH.merge,
      });
      this.trouble = undefined;
      this.forbidden.allow(object.kind);
      const about = { ...object.about, status: seenStatus(status) };
      const version = body.metadata.resourceVersion ?? resourceVersion;
      if (this.objects.get(unit) === object)
        this.objects.set(unit, { ...object, resourceVersion: version, about });
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return;
      if (isForbidden(error)) return this.leave(object.kind, error);
      this.due.add(unit);
      throw error;
    }
  }

  /** Not now: with the next sweep. */
  private leave(what: string, error: KubeError): void {
    this.stale = true;
    if (this.forbidden.refuse(what, error.message))
      this.options.log.warn({ reason: error.message }, 'may not write');
  }

  /** An event for each refusal that was not told of before. */
  private async tell(object: WrittenObject, { conditions }: IstioStatus): Promise<void> {
    const before = object.about.status.own;
    for (const condition of conditions as readonly Condition[]) {
      const { type, status, reason, message } = condition;
      if (status !== 'False' || (reason !== 'Invalid' && reason !== 'Refused')) continue;
      const told = before.get(type);
      if (told?.reason === reason && told.message === message) continue;
      const [what, action] = type === 'Accepted' ? ['Rejected', 'Validate'] : ['RefusedByEnvoy', 'Push'];
      await this.record(object, { reason: what!, action: action!, note: message });
    }
  }

  /** Who may not write events writes the status nevertheless. */
  private async record(object: WrittenObject, event: Parameters<typeof recordEvent>[2]): Promise<void> {
    if (this.forbidden.has(EVENT)) return;
    try {
      await recordEvent(this.options.client, object, event);
      this.forbidden.allow(EVENT);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.leave(EVENT, error);
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog, type Log } from '../nats/log.js';
import type { KubeClient } from './client.js';
import { isConflict, isNotFound } from './errors.js';
import { resourcePath, type ObjectMeta, type ResourceType } from './objects.js';

export type LeaseState =
  /** Nothing is known yet, or the API server cannot be asked. */
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'waiting'; readonly holder: string }
  /** `clean` where the holder before gave it up, so that nobody can still think to be the one. */
  | { readonly kind: 'holding'; readonly clean: boolean };

export interface LeaseTimings {
  /** Milliseconds that a holder who says nothing keeps the lease; by default 2,000. */
  readonly duration?: number;
  /** Milliseconds between two words of the holder; by default 500. */
  readonly renew?: number;
  /** Milliseconds between two looks of those who wait; by default 200. */
  readonly look?: number;
}

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Of this process, and of no other that ever was. */
  readonly identity: string;
  readonly onChange: (state: LeaseState) => void;
  readonly timings?: LeaseTimings;
  readonly log?: Log;
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
interface LeaseObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

const LEASES: ResourceType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
const DEFAULTS = { duration: 2_000, renew: 500, look: 200 };
const REQUEST_LIMIT_MS = 1_000;

/**
 * Takes part in the choice of one among several replicas. Nobody's clock is compared with another's: a lease is over
 * when its record was seen not to change for its duration. A holder who cannot reach the API server goes on as the
 * holder, for nobody can have taken the lease from it there, or it learns of it later: whoever acts as the holder has
 * to be fenced where it acts. What is written to the API server itself waits for {@link fresh}.
 */
export class Lease {
  private readonly closing = new AbortController();
  private readonly timings: Required<LeaseTimings>;
  private running: Promise<void> | undefined;
  private now: LeaseState = { kind: 'unknown', reason: 'nobody was asked yet' };
  private held: LeaseObject | undefined;
  private renewed = -Infinity;
  private failure: string | undefined;
  private seen: { readonly version: string; readonly since: number } | undefined;

  constructor(private readonly options: LeaseOptions) {
    this.timings = { ...DEFAULTS, ...options.timings };
  }

  get state(): LeaseState {
    return this.now;
  }

  /** Whether the lease is held for certain. */
  get fresh(): boolean {
    return this.now.kind === 'holding' && performance.now() - this.renewed < this.timings.duration;
  }

  /** Why it is not known for certain who holds the lease, if so. */
  get problem(): string | undefined {
    if (this.now.kind === 'unknown') return this.now.reason;
    return this.now.kind === 'holding' && !this.fresh ? this.failure : undefined;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Gives the lease up, so that another one need not wait for its end. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
    const { held } = this;
    if (!held || this.now.kind !== 'holding') return;
    await this.put({ ...held, spec: { ...held.spec, holderIdentity: '' } }).catch(() => undefined);
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await this.step().catch((error: unknown) => this.failed(error as Error));
      const pause = this.now.kind === 'holding' ? this.timings.renew : this.timings.look;
      await sleep(pause * (0.9 + Math.random() / 5), undefined, { signal }).catch(() => undefined);
    }
  }

  private async step(): Promise<void> {
    if (this.held) return this.renew(this.held);
    const lease = await this.get();
    const { holderIdentity: holder = '' } = lease?.spec ?? {};
    if (lease && holder !== '' && !this.isOver(lease)) return this.enter({ kind: 'waiting', holder });
    await this.take(lease, holder === '');
  }

  private async renew(held: LeaseObject): Promise<void> {
    try {
      this.keep(await this.put({ ...held, spec: { ...held.spec, renewTime: microTime() } }));
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
      // Somebody changed it. Who only put a label on it took nothing away.
      const lease = await this.get();
      if (lease?.spec?.holderIdentity === this.options.identity) return this.keep(lease);
      this.held = undefined;
      this.enter({ kind: 'waiting', holder: lease?.spec?.holderIdentity ?? '' });
    }
  }

  private async take(lease: LeaseObject | undefined, clean: boolean): Promise<void> {
    const { namespace, name, identity } = this.options;
    const time = microTime();
    const transitions = (lease?.spec?.leaseTransitions ?? -1) + 1;
    const wanted: LeaseObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease?.metadata ?? { name, namespace },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.timings.duration / 1_000),
        acquireTime: time,
        renewTime: time,
        leaseTransitions: transitions,
      },
    };
    try {
      this.keep(lease ? await this.put(wanted) : await this.create(wanted));
    } catch (error) {
      // Another one was quicker.
      if (isConflict(error)) return;
      throw error;
    }
    this.enter({ kind: 'holding', clean });
  }

  /** By the own clock, since the record was first seen as it is. */
  private isOver({ metadata: { resourceVersion = '' } }: LeaseObject): boolean {
    const now = performance.now();
    if (this.seen?.version !== resourceVersion) this.seen = { version: resourceVersion, since: now };
    return now - this.seen.since > this.timings.duration;
  }

  private keep(lease: LeaseObject): void {
    this.held = lease;
    this.renewed = performance.now();
    this.failure = undefined;
  }

  /** While the API server cannot be asked the holder cannot renew either: it gets its whole time anew. */
  private failed(error: Error): void {
    this.seen = undefined;
    this.failure = error.message;
    if (this.now.kind !== 'holding') this.enter({ kind: 'unknown', reason: error.message });
  }

  private enter(state: LeaseState): void {
    const before = this.now;
    this.now = state;
    if (JSON.stringify(before) === JSON.stringify(state)) return;
    const { log = silentLog, name, identity } = this.options;
    log.info({ lease: name, identity, ...state }, 'lease');
    this.options.onChange(state);
  }

  private async get(): Promise<LeaseObject | undefined> {
    try {
      return await this.options.client.get<LeaseObject>(this.path(), { signal: limit() });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async put(lease: LeaseObject): Promise<LeaseObject> {
    const answer = await this.options.client.send<LeaseObject>('PUT', this.path(), {
      body: lease,
      signal: limit(),
    });
    return answer.body;
  }

  private async create(lease: LeaseObject): Promise<LeaseObject> {
    const path = resourcePath(LEASES, this.options.namespace);
    const answer = await this.options.client.send<LeaseObject>('POST', path, {
      body: lease,
      signal: limit(),
    });
    return answer.body;
  }

  private path(): string {
    return resourcePath(LEASES, this.options.namespace, this.options.name);
  }
}

function limit(): AbortSignal {
  return AbortSignal.timeout(REQUEST_LIMIT_MS);
}

/** RFC 3339 with microseconds, as Lease wants it. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog, type Log } from '../nats/log.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import type { KubeClient, Query } from './client.js';
import type { Discovery } from './discovery.js';
import { isNotFound, KubeError, failureText } from './errors.js';
import { listPages } from './list.js';
import {
  objectKey,
  resourcePath,
  typeName,
  type KubeObject,
  type ObjectKey,
  type ResourceType,
} from './objects.js';
import { Pending, type ObjectChange } from './pending.js';
import { watchEvents, type WatchEvent } from './watch.js';

/** How well a reflector knows its collection. What it handed on before stays true to its knowledge in all of them. */
export type ReflectorState =
  /** Nothing was heard yet. */
  | { readonly kind: 'starting' }
  /** It has everything, and hears of changes. */
  | { readonly kind: 'live' }
  /** The server does not serve the type. */
  | { readonly kind: 'absent' }
  /** It knows how the collection was, and is trying again. `status` is HTTP's, 0 where no answer came. */
  | { readonly kind: 'stale'; readonly status: number; readonly reason: string };

/** Why a collection is stale, in words. */
export function staleReason({ status, reason }: Extract<ReflectorState, { kind: 'stale' }>): string {
  return failureText({ status, message: reason });
}

export interface ReflectorTimings {
  /** Seconds after which the server ends a watch, at most twice as many; by default 300. */
  readonly watchSeconds?: number;
  /** Milliseconds without a word after which a watch counts as dead; by default 150,000. */
  readonly silence?: number;
  /** Milliseconds after which the objects of a type that is not served any more are gone; by default 30,000. */
  readonly absence?: number;
  readonly backoff?: BackoffOptions;
  readonly pageSize?: number;
}

export interface ReflectorOptions<T> {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly type: ResourceType;
  /** Versions to make do with where the type's own is not served, the best first. */
  readonly olderVersions?: readonly string[];
  /** One namespace only. */
  readonly namespace?: string;
  /** `labelSelector` or `fieldSelector`. */
  readonly query?: Query;
  /** Picks the fields in use: nothing else of an object stays in memory. */
  readonly keep: (object: KubeObject) => T;
  /** Objects that were known before: those that are not there any more are reported as deleted. */
  readonly expected?: Iterable<ObjectKey>;
  /** Something waits to be taken, or the state changed. */
  readonly onStir: () => void;
  readonly timings?: ReflectorTimings;
  readonly log?: Log;
}

const WATCH_SECONDS = 300;
const SILENCE_MS = 150_000;
const ABSENCE_MS = 30_000;
/** Who hears from others that the server is back asks it within this time, not all at once. */
const RETURN_SPREAD_MS = 500;
/** A watch that ends sooner was refused in a friendly way. */
const SHORT_WATCH_MS = 1_000;

/**
 * Follows one type of object of one API server, for as long as it takes: lists it in pages, watches from there on,
 * lists anew where the server has forgotten the place, and keeps what it knows while the server is away. It holds the
 * resourceVersion of each object, and the objects that nobody took yet.
 */
export class Reflector<T> {
  private readonly versions: Map<ObjectKey, string>;
  private readonly pending = new Pending<T>();
  private readonly closing = new AbortController();
  private readonly backoff: Backoff;
  private type: ResourceType;
  private place: string | undefined;
  private running: Promise<void> | undefined;
  private now: ReflectorState = { kind: 'starting' };
  private listed = false;

  constructor(private readonly options: ReflectorOptions<T>) {
    this.versions = new Map([...(options.expected ?? [])].map((key) => [key, '']));
    this.backoff = new Backoff(options.timings?.backoff);
    this.type = options.type;
  }

  private get path(): string {
    return resourcePath(this.type, this.options.namespace);
  }

  get state(): ReflectorState {
    return this.now;
  }

  /** True once everything that the collection held at one moment was handed to {@link take}. */
  get synced(): boolean {
    return this.listed;
  }

  /** How many objects there are. */
  get size(): number {
    return this.versions.size;
  }

  has(key: ObjectKey): boolean {
    return this.versions.has(key);
  }

  /** Objects that somebody knows of: those that are not there are reported as deleted, unless that was told before. */
  expect(keys: Iterable<ObjectKey>): void {
    if (this.listed) return;
    for (const key of keys) if (!this.versions.has(key)) this.versions.set(key, '');
  }

  start(): void {
    this.running ??= this.run();
  }

  /** What changed since the last call: per object the last word, in the order of these words. */
  take(): ObjectChange<T>[] {
    return this.pending.take();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        this.place ??= await this.list();
        await this.watch(this.place);
      } catch (error) {
        if (!signal.aborted) await this.failed(asKubeError(error));
      }
    }
  }

  private async list(): Promise<string> {
    const { client, query, timings = {}, keep } = this.options;
    const { signal } = this.closing;
    const listing = {
      signal,
      ...(query && { query }),
      ...(timings.pageSize && { pageSize: timings.pageSize }),
    };
    const pages = listPages<KubeObject>(client, this.path, listing);
    const found = new Map<ObjectKey, { version: string; object: T }>();
    for (;;) {
      const { done, value } = await pages.next();
      if (done) return this.replace(found, value);
      for (const object of value) {
        const { metadata } = object;
        found.set(objectKey(metadata), { version: metadata.resourceVersion ?? '', object: keep(object) });
      }
    }
  }

  /** The whole collection at one moment: the difference to what was known is what happened meanwhile. */
  private replace(found: ReadonlyMap<ObjectKey, { version: string; object: T }>, place: string): string {
    for (const key of [...this.versions.keys()]) if (!found.has(key)) this.remove(key);
    for (const [key, { version, object }] of found) this.put(key, version, object);
    this.listed = true;
    this.enter({ kind: 'live' });
    this.options.onStir();
    return place;
  }

  private async watch(place: string): Promise<void> {
    const { client, query, timings = {} } = this.options;
    const { watchSeconds = WATCH_SECONDS, silence = SILENCE_MS } = timings;
    const started = performance.now();
    const events = watchEvents<KubeObject>(client, this.path, {
      ...(query && { query }),
      resourceVersion: place,
      // Watches that began together should not end together.
      seconds: Math.ceil(watchSeconds * (1 + Math.random())),
      silence,
      signal: this.closing.signal,
      onOpen: () => this.enter({ kind: 'live' }),
    });
    for await (const event of events) this.happened(event);
    if (performance.now() - started > SHORT_WATCH_MS) this.backoff.reset();
    else await this.backoff.pause(this.closing.signal);
  }

  private happened({ type, object }: WatchEvent<KubeObject>): void {
    const { metadata } = object;
    const version = metadata.resourceVersion ?? '';
    if (type === 'DELETED') this.remove(objectKey(metadata));
    else if (type !== 'BOOKMARK') this.put(objectKey(metadata), version, this.options.keep(object));
    this.place = version;
    if (this.pending.size > 0) this.options.onStir();
  }

  private put(key: ObjectKey, version: string, object: T): void {
    if (this.versions.get(key) === version) return;
    this.versions.set(key, version);
    this.pending.add({ op: 'put', key, object });
  }

  private remove(key: ObjectKey): void {
    if (this.versions.delete(key)) this.pending.add({ op: 'delete', key });
  }

  private async failed(error: KubeError): Promise<void> {
    const { signal } = this.closing;
    if (isNotFound(error)) return this.untilInstalled();
    if (!keepsPlace(error)) this.place = undefined;
    // That the server has forgotten a place, or ends a connection, is the ordinary course of things.
    if (error.status !== 410) this.enter({ kind: 'stale', status: error.status, reason: error.message });
    if (error.retryAfter === undefined) await this.untilReturned();
    else await this.backoff.pause(signal, error.retryAfter);
  }

  /** Pauses until it is time to try again, or others were answered by the server after an absence. */
  private async untilReturned(): Promise<void> {
    const { signal } = this.closing;
    const returned = new AbortController();
    const forget = this.options.client.presence.onReturn(() => returned.abort());
    await this.backoff.pause(AbortSignal.any([signal, returned.signal]));
    forget();
    if (!returned.signal.aborted) return;
    await sleep(Math.random() * RETURN_SPREAD_MS, undefined, { signal }).catch(() => undefined);
  }

  /** Nobody else waits for this type. Its objects go with it, but not because a server is only just starting. */
  private async untilInstalled(): Promise<void> {
    const { discovery, type, olderVersions = [], timings = {} } = this.options;
    const types = [type.version, ...olderVersions].map((version) => ({ ...type, version }));
    this.place = undefined;
    this.enter({ kind: 'absent' });
    await this.backoff.pause(this.closing.signal);
    const limit = AbortSignal.timeout(timings.absence ?? ABSENCE_MS);
    const patience =
      this.versions.size > 0 ? AbortSignal.any([this.closing.signal, limit]) : this.closing.signal;
    await discovery.installed(types, patience);
    if (this.closing.signal.aborted) return;
    // Who cannot say for certain is not believed.
    const served = await discovery.firstServed(types).catch(() => this.type);
    if (served) this.type = served;
    else if (limit.aborted) this.forget();
  }

  private forget(): void {
    for (const key of [...this.versions.keys()]) this.remove(key);
    this.options.onStir();
  }

  private enter(state: ReflectorState): void {
    const before = this.now;
    this.now = state;
    if (state.kind === 'live') this.backoff.reset();
    if (before.kind === state.kind && reasonOf(before) === reasonOf(state)) return;
    const level = state.kind === 'stale' ? 'warn' : 'info';
    const fields = { type: typeName(this.options.type), reason: reasonOf(state), objects: this.size };
    (this.options.log ?? silentLog)[level](fields, `watching Kubernetes: ${state.kind}`);
    this.options.onStir();
  }
}

/** Answers after which a watch may go on where it was. Of all others, only a new list can tell what is true. */
function keepsPlace({ status }: KubeError): boolean {
  return [0, 401, 403, 429, 500, 502, 503].includes(status);
}

function reasonOf(state: ReflectorState): string {
  return state.kind === 'stale' ? state.reason : '';
}

function asKubeError(error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  return new KubeError(0, 'Unreadable', (error as Error).message, undefined, { cause: error });
}

import { Discovery, Reflector, typeName } from '#common/kube';
import type { KubeClient, ReflectorState, ReflectorTimings } from '#common/kube';
import type { ObjectKey } from '#common/kube';
import type { Logger } from '#common/logger';
import { WATCHED } from '../../registries/kubernetes/watched.js';
import { PICK } from '../../registries/kubernetes/pick.js';
import type { Kept, KeptType, KubeEdit } from '../../registries/kubernetes/objects.js';

export interface ClusterWatchOptions {
  readonly client: KubeClient;
  /** Objects known from before: those that are not there any more are gone. */
  readonly expected: (type: KeptType) => Iterable<ObjectKey>;
  /** Takes in what happened, as one change; the first time all that there is, even if that is nothing. */
  readonly onEdits: (edits: readonly KubeEdit[]) => void;
  /** How well some type is known is another now. */
  readonly onState: () => void;
  readonly timings?: ReflectorTimings;
  readonly log: Logger;
}

export interface TypeState {
  readonly type: string;
  readonly needed: boolean;
  readonly objects: number;
  readonly state: ReflectorState;
}

/**
 * Types come back from an outage one by one. Pods that were all replaced meanwhile would leave services without
 * endpoints until their slices are known, too: changes wait until all are there, for this long. Milliseconds.
 */
const SETTLE_MS = 10_000;

/** Follows the objects of one cluster. What comes together is handed on together, at most one word per object. */
export class ClusterWatch {
  private readonly discovery: Discovery;
  private readonly reflectors: ReadonlyMap<KeptType, Reflector<Kept[KeptType]>>;
  private begun = false;
  private flushing = false;
  private patience: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: ClusterWatchOptions) {
    this.discovery = new Discovery(options.client);
    const types = Object.keys(WATCHED) as KeptType[];
    this.reflectors = new Map(types.map((type) => [type, this.follow(type)]));
  }

  start(): void {
    for (const reflector of this.reflectors.values()) reflector.start();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.patience);
    this.discovery.close();
    await Promise.all([...this.reflectors.values()].map((reflector) => reflector.close()));
  }

  states(): TypeState[] {
    return [...this.reflectors].map(([type, { state, size }]) => {
      const { type: name, needed } = WATCHED[type];
      return { type: typeName(name), needed, objects: size, state };
    });
  }

  private follow(name: KeptType): Reflector<Kept[KeptType]> {
    const { client, expected, timings, log } = this.options;
    const { type, query } = WATCHED[name];
    return new Reflector<Kept[KeptType]>({
      client,
      discovery: this.discovery,
      type,
      ...(query && { query }),
      keep: PICK[name],
      expected: expected(name),
      onStir: () => this.stir(),
      ...(timings && { timings }),
      log,
    });
  }

  private stir(): void {
    if (this.closed) return;
    this.options.onState();
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.settle();
    });
  }

  /** Hands on what there is, unless something is missing that may come soon. */
  private settle(): void {
    if (this.closed) return;
    if (!this.begun && !this.isListed()) return;
    if (this.isWhole()) return this.flush();
    this.patience ??= setTimeout(() => this.flush(), SETTLE_MS);
  }

  private flush(): void {
    clearTimeout(this.patience);
    this.patience = undefined;
    const edits = [...this.reflectors].flatMap(([type, reflector]) =>
      reflector
        .take()
        .map(
          (change) =>
            ({ type, key: change.key, object: change.op === 'put' ? change.object : undefined }) as KubeEdit,
        ),
    );
    if (edits.length > 0 || !this.begun) this.options.onEdits(edits);
    this.begun = true;
  }

  private isListed(): boolean {
    return [...this.reflectors].every(([type, { synced, state }]) =>
      WATCHED[type].needed ? synced : state.kind !== 'starting',
    );
  }

  private isWhole(): boolean {
    return [...this.reflectors].every(([type, { state }]) => !WATCHED[type].needed || state.kind === 'live');
  }
}

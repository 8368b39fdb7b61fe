import { Discovery, Reflector, typeName } from '#common/kube';
import type { KubeClient, KubeObject, ObjectChange, ObjectKey, ReflectorTimings } from '#common/kube';
import type { Log } from '#common/nats';
import type { ClusterObject, ResourceKey } from '#config';
import type { SourceProblem } from '../analyze/report.js';
import { clusterFile, objectUnit, splitUnit } from '../snapshot/units.js';
import type { Unit } from '../snapshot/units.js';
import { seenStatus } from '../status/seen.js';
import type { FileChange, ObjectState } from './change.js';
import { followedTypes } from './kubernetes-types.js';
import type { FollowedType } from './kubernetes-types.js';

export interface KubernetesSourceOptions {
  readonly client: KubeClient;
  /** Name of the cluster, as origins show it. */
  readonly cluster: string;
  /** Reads the mesh's settings of this revision. */
  readonly revision?: string;
  /** Units that were known before the start: of this cluster's, those that are not there any more are gone. */
  readonly expected: Iterable<Unit>;
  /** Takes in what happened, as one change. */
  readonly onChanges: (changes: readonly FileChange[]) => void;
  readonly timings?: ReflectorTimings;
  readonly log: Log;
}

interface Kept {
  readonly object: ClusterObject;
  readonly resourceVersion: string;
  readonly about: ObjectState;
}

interface Followed {
  readonly followed: FollowedType;
  readonly reflector: Reflector<Kept>;
}

/** The API server may be slow to answer at first, or away: then the start goes on without it. */
const FIRST_LOOK_MS = 10_000;

/**
 * The mesh config of a Kubernetes cluster: one watch per type, all of them independent. What comes together is handed
 * on together; what comes while the receiver is busy waits, at most one word per object.
 */
export class KubernetesSource {
  private readonly discovery: Discovery;
  private readonly followed: readonly Followed[];
  private flushing = false;
  private holding = true;
  private settled: () => void = () => undefined;

  constructor(private readonly options: KubernetesSourceOptions) {
    this.discovery = new Discovery(options.client);
    const expected = this.ownUnits(options.expected);
    this.followed = followedTypes(options.revision).map((type) => this.follow(type, expected));
  }

  /** Resolves when what the cluster holds now was reported, as one change, or as far as it can be told. */
  async start(): Promise<void> {
    const settled = new Promise<void>((resolve) => (this.settled = resolve));
    for (const { reflector } of this.followed) reflector.start();
    const limit = setTimeout(() => this.settled(), FIRST_LOOK_MS);
    await settled;
    clearTimeout(limit);
    this.holding = false;
    this.flush();
  }

  async close(): Promise<void> {
    this.holding = true;
    this.discovery.close();
    await Promise.all(this.followed.map(({ reflector }) => reflector.close()));
  }

  /** Of these units, those of this cluster that are not in it, as far as that is known. */
  vanished(units: readonly Unit[]): Unit[] {
    return units.filter((unit) => {
      const [key] = this.ownUnits([unit]);
      const owner = key === undefined ? undefined : this.ownerOf(key);
      return owner !== undefined && owner.reflector.synced && !owner.reflector.has(owner.object);
    });
  }

  /** Units that are known of elsewhere: of types that could not be read yet it is told when one is not there. */
  expect(units: readonly Unit[]): void {
    for (const key of this.ownUnits(units)) {
      const owner = this.ownerOf(key);
      owner?.reflector.expect([owner.object]);
    }
  }

  private ownerOf(key: ResourceKey): { reflector: Reflector<Kept>; object: ObjectKey } | undefined {
    for (const { followed, reflector } of this.followed) {
      const object = followed.objectOf(key);
      if (object !== undefined) return { reflector, object };
    }
    return undefined;
  }

  /** A missing permission is one problem, of the type that it is about; nothing else suffers. */
  problems(): SourceProblem[] {
    const file = clusterFile(this.options.cluster);
    const stale = this.followed.flatMap(({ followed: { type }, reflector: { state } }): SourceProblem[] => {
      if (state.kind !== 'stale') return [];
      const message = `${typeName(type)} cannot be watched, what is known of them stays: ${state.reason}`;
      return [{ file, kind: 'unreadable', message }];
    });
    return [...stale, ...this.notInstalled(file)];
  }

  private notInstalled(file: string): SourceProblem[] {
    const absent = this.followed.filter(({ reflector }) => reflector.state.kind === 'absent');
    if (absent.length === 0) return [];
    const names = absent.map(({ followed: { type } }) => typeName(type)).join(', ');
    const message = `not installed, see 'quartet manifest generate': ${names}`;
    return [{ file, kind: 'notInstalled', message }];
  }

  private follow(followed: FollowedType, expected: readonly string[]): Followed {
    const { client, timings, log } = this.options;
    const { type, olderVersions, namespace, query } = followed;
    const reflector = new Reflector<Kept>({
      client,
      discovery: this.discovery,
      type,
      olderVersions,
      ...(namespace !== undefined && { namespace }),
      ...(query && { query }),
      keep: (object) => ({
        object: followed.pick(object),
        resourceVersion: object.metadata.resourceVersion ?? '',
        about: stateOf(object),
      }),
      expected: expected.flatMap((key) => followed.objectOf(key) ?? []),
      onStir: () => this.stir(),
      ...(timings && { timings }),
      log,
    });
    return { followed, reflector };
  }

  private ownUnits(units: Iterable<Unit>): string[] {
    return [...units].flatMap((unit) => {
      const parts = splitUnit(unit);
      return parts?.cluster === this.options.cluster ? [parts.key] : [];
    });
  }

  private stir(): void {
    if (this.holding) {
      if (this.followed.every(({ reflector }) => reflector.state.kind !== 'starting')) this.settled();
      return;
    }
    if (this.flushing) return;
    this.flushing = true;
    // What stands in the same piece of the stream, or came on another one meanwhile, goes along.
    setImmediate(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.holding) return;
    const changes = this.followed.flatMap(({ followed, reflector }) =>
      reflector.take().map((change) => this.changeOf(followed, change)),
    );
    if (changes.length > 0) this.options.onChanges(changes);
  }

  private changeOf(followed: FollowedType, change: ObjectChange<Kept>): FileChange {
    const { cluster } = this.options;
    const path = objectUnit(cluster, followed.keyOf(change.key));
    if (change.op === 'delete') return { kind: 'gone', path };
    return { kind: 'object', path, file: clusterFile(cluster), ...change.object };
  }
}

function stateOf(object: KubeObject): ObjectState {
  const { uid = '', generation = 0 } = object.metadata;
  return { uid, generation, status: seenStatus((object as { status?: unknown }).status) };
}

import type { PushEngine } from '../push/engine.js';
import type { RevisionTrace } from '../push/trace.js';

/** What one Pilot answers to `pilot.revision.trace`. Times are milliseconds since the Unix epoch. */
export interface TracedChange {
  readonly pilot: string;
  readonly revision: number;
  /** Proxies of this Pilot, and how many of them hold the revision or are not concerned by it. */
  readonly proxies: number;
  readonly holding: number;
  /** Undefined where this Pilot does not remember it: see {@link known}. */
  readonly trace?: ChangeTrace;
  /** The revisions that it remembers. */
  readonly known: readonly number[];
}

export interface ChangeTrace extends Pick<RevisionTrace, 'changed' | 'moreChanged' | 'heardAt'> {
  /** By Galley's clock; undefined where nobody knows. */
  readonly committedAt?: number;
  readonly receivedAt: number;
  readonly generatedAt?: number;
  /** The proxies that it concerned. */
  readonly concerned: readonly TracedProxy[];
  /** How many more there are: an answer is one message of the bus. */
  readonly more: number;
}

export interface TracedProxy {
  /** Node id. */
  readonly proxy: string;
  /** Its first response that carried the revision; undefined where there was none yet. */
  readonly sentAt?: number;
  /** Its last ACK of what the revision changed. */
  readonly ackedAt?: number;
}

const MAX_PROXIES = 5_000;

type Traced = Pick<PushEngine, 'connections' | 'traces'>;

export function tracedChange({ connections, traces }: Traced, pilot: string, revision: number): TracedChange {
  const holding = [...connections].filter(({ revisionHeld }) => revisionHeld >= revision).length;
  const known = traces.all().map((trace) => trace.revision);
  const found = traces.get(revision);
  const answer = { pilot, revision, proxies: connections.size, holding, known };
  if (!found) return answer;
  const { changed, moreChanged, heardAt, committedAt, receivedAt, generatedAt, proxies } = found;
  const all = [...proxies].map(([proxy, trace]) => ({ proxy, ...trace }));
  const trace: ChangeTrace = {
    ...(changed && { changed, moreChanged: moreChanged ?? 0 }),
    ...(heardAt !== undefined && { heardAt }),
    ...(committedAt !== undefined && { committedAt }),
    receivedAt,
    ...(generatedAt !== undefined && { generatedAt }),
    concerned: all.slice(0, MAX_PROXIES),
    more: Math.max(0, all.length - MAX_PROXIES),
  };
  return { ...answer, trace };
}

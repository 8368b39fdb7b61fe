import type { Accepted } from './accepted.js';
import { abortable, NotYet, type Session } from './link.js';
import { commitMessages, epochMessage } from './messages.js';
import { counted, type SnapshotOptions, Snapshots } from './snapshots.js';
import type { Placed, StreamStatus } from './streams.js';
import { type Marker, WireError } from './wire.js';
import { type WriterStatus, WriterStreams } from './writer-streams.js';

export interface PublisherOptions extends SnapshotOptions {
  /** Milliseconds between two looks at the streams; default 1,000. */
  readonly checkInterval?: number;
  /** Servers of a NATS cluster that hold the streams; default 1. */
  readonly replicas?: number;
  /** Set where several may write, one after the other. */
  readonly succession?: Succession;
}

/** How a writer that was chosen among several begins and ends. */
export interface Succession {
  /**
   * Begin with a new epoch even where the log could be continued: whoever wrote before, and may not know yet that it
   * is not the writer any more, can append nothing then.
   */
  readonly fence: boolean;
  /** The log is ahead of what is known here of it: nothing is written over it, its reader has to catch up first. */
  readonly onOvertaken: () => void;
  /** Write over it all the same, at first: what it holds cannot be read. */
  readonly insist?: boolean;
}

/** How far the log is, once it is proven to be this writer's. */
interface Position {
  readonly epoch: string;
  revision: number;
  /** Last sequence of the log: nobody else may have written since. */
  sequence: number;
  readonly created: string;
}

const CHECK_INTERVAL_MS = 1_000;

/**
 * Brings the log to what was accepted, session after session. First it proves that the log's head is a point of its
 * own history and appends what comes after; where it cannot, it starts a new epoch from a snapshot. Then it follows
 * what is accepted, and looks at the streams now and then: somebody may have wiped them or put them back.
 */
export class Publisher {
  readonly #snapshots: Snapshots;
  #position: Position | undefined;
  #wake: () => void = () => undefined;
  #waiters: { revision: number; resolve: () => void }[] = [];
  /** The log was this writer's since it was opened. */
  #begun = false;
  #overtaken = false;

  constructor(
    private readonly accepted: Accepted,
    private readonly options: PublisherOptions,
  ) {
    this.#snapshots = new Snapshots(options);
  }

  /** Something was accepted. */
  wake(): void {
    this.#wake();
  }

  /** Resolves when the log has what is accepted now. */
  async published(): Promise<void> {
    const { revision } = this.accepted.state;
    if (this.#upToDate()) return;
    await new Promise<void>((resolve) => this.#waiters.push({ revision, resolve }));
  }

  /** Works until the session ends or something is not as it should be; the caller then starts over. */
  async work(session: Session): Promise<void> {
    if (this.#overtaken) return abortable(new Promise<never>(() => undefined), session.signal);
    try {
      const streams = await WriterStreams.open(session, this.options.wire);
      let position = await this.#prove(streams);
      for (;;) {
        await this.#publishPending(streams, position);
        this.#settle(session, position);
        this.#snapshots.publishIfDue(streams, () => this.accepted.state.copy(), position.sequence);
        if (await this.#woken(session)) continue;
        if (!(await this.#untouched(streams, position))) position = await this.#prove(streams);
      }
    } finally {
      this.#position = undefined;
      await this.#snapshots.idle();
    }
  }

  #upToDate(): boolean {
    const { epoch, revision } = this.accepted.state;
    return this.#position?.epoch === epoch && this.#position.revision >= revision;
  }

  #settle(session: Session, { revision: done }: Position): void {
    session.settled();
    for (const { revision, resolve } of this.#waiters) if (revision <= done) resolve();
    this.#waiters = this.#waiters.filter(({ revision }) => revision > done);
  }

  /** True when there is something to publish, false when it is time to look at the streams. */
  async #woken({ signal }: Session): Promise<boolean> {
    const { checkInterval = CHECK_INTERVAL_MS } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const woken = new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
      timer = setTimeout(() => resolve(false), checkInterval);
      if (!this.#upToDate()) resolve(true);
    });
    return abortable(woken, signal).finally(() => clearTimeout(timer));
  }

  async #publishPending(streams: WriterStreams, position: Position): Promise<void> {
    while (!this.#upToDate()) {
      const pending = this.accepted.recent.since(position.revision);
      if (!pending) throw new Error('more was accepted than is kept for a log that is behind');
      for (const commit of pending) {
        let bytes = 0;
        const messages = counted(commitMessages(commit, this.options), (size) => (bytes += size));
        position.sequence = await streams.publish(messages, { expectedLastSequence: position.sequence });
        position.revision = commit.revision;
        this.#snapshots.count(bytes);
      }
    }
  }

  async #untouched(streams: WriterStreams, position: Position): Promise<boolean> {
    const status = await streams.status();
    return (
      status?.log.created === position.created &&
      status.log.lastSequence === position.sequence &&
      holds(status.log, position.sequence) &&
      holds(status.snapshots, this.#snapshots.newest?.sequence ?? 0)
    );
  }

  async #prove(streams: WriterStreams): Promise<Position> {
    this.#position = undefined;
    await this.#snapshots.idle();
    await streams.ensure(this.options.replicas ?? 1);
    const status = await streams.status();
    if (!status) throw new Error('a stream went away');
    const head = await readable(streams.head());
    this.#refuseToOvertake(head?.marker);
    const continues = this.#continues(head?.marker) && (this.#begun || !this.options.succession?.fence);
    const position = continues
      ? await this.#continue(streams, status, head!.marker.revision)
      : await this.#announce(streams, status, head?.marker);
    this.accepted.unannounced = false;
    this.#begun = true;
    this.#position = position;
    return position;
  }

  /** @throws NotYet where somebody else's history goes before this one */
  #refuseToOvertake(head: Marker | undefined): void {
    const { succession } = this.options;
    if (!succession || !head || (succession.insist && !this.#begun)) return;
    const { epoch, revision } = this.#begun ? this.accepted.state : this.accepted.opened;
    const ahead = head.epoch === epoch ? head.revision > revision : head.epoch > epoch;
    if (!ahead) return;
    this.#overtaken = true;
    succession.onOvertaken();
    throw new NotYet(`the log is at revision ${head.revision} of epoch ${head.epoch}, which is not ours`);
  }

  #continues(head: Marker | undefined): head is Marker {
    const { recent, state } = this.accepted;
    return head?.epoch === state.epoch && recent.proves(head) && recent.since(head.revision) !== undefined;
  }

  /** The log is this history's; its snapshots may be missing or of another time. */
  async #continue(
    streams: WriterStreams,
    { log, snapshots }: WriterStatus,
    revision: number,
  ): Promise<Position> {
    const { epoch } = this.accepted.state;
    const position = { epoch, revision, sequence: log.lastSequence, created: log.created };
    const newest = await readable(streams.snapshot());
    const marker = newest?.marker;
    const fits =
      marker?.kind === 'snapshot' &&
      marker.epoch === epoch &&
      marker.sequence <= log.lastSequence &&
      marker.sequence + 1 >= log.firstSequence;
    const end = snapshots.lastSequence;
    if (fits) this.#snapshots.resume({ marker, sequence: newest!.sequence }, revision - marker.revision, end);
    else this.#snapshots.resume(undefined, 0, end);
    if (!fits) await this.#snapshots.publish(streams, this.accepted.state.copy(), log.lastSequence);
    return position;
  }

  /** Somebody else's log, an empty one, or one that is too far behind: everybody starts again from a snapshot. */
  async #announce(
    streams: WriterStreams,
    { log, snapshots }: WriterStatus,
    head: Marker | undefined,
  ): Promise<Position> {
    this.#snapshots.endsAt(snapshots.lastSequence);
    const state = await this.accepted.startEpoch(head);
    const { epoch, revision } = state;
    this.options.log.info({ epoch, revision, head: head?.revision }, 'config log: a new epoch starts');
    const marker = await this.#snapshots.publish(streams, state, log.lastSequence);
    const announcement = [epochMessage(marker, this.options)];
    const sequence = await streams.publish(announcement, { expectedLastSequence: log.lastSequence });
    return { epoch, revision, sequence, created: log.created };
  }
}

function holds({ firstSequence, lastSequence }: StreamStatus, sequence: number): boolean {
  return firstSequence <= sequence && sequence <= lastSequence;
}

/** A marker that breaks the wire form counts as none: it is not this writer's. */
async function readable(marker: Promise<Placed | undefined>): Promise<Placed | undefined> {
  try {
    return await marker;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

import type { Log } from '../nats/log.js';
import { type Arrival, Intake } from './intake.js';
import type { Journal } from './journal.js';
import { relate, sameHead, Trail, wayTo } from './judge.js';
import { NotYet, type Session } from './link.js';
import { applyCommit, type LiveState } from './live-state.js';
import { readSnapshot, replay, type Replayed } from './replay.js';
import { LogStreams, type Placed, type StoredMessage } from './streams.js';
import { LOG_STREAM } from './subjects.js';
import type { Commit, ConfigChange } from './types.js';
import { HeadWatch } from './head-watch.js';
import { WireError, type WireOptions } from './wire.js';

export interface FollowerOptions {
  readonly log: Log;
  readonly checkInterval?: number;
  readonly wire?: WireOptions;
}

/** The log and the state no longer fit together: take the state again. */
class Resync extends Error {}

/** The reading side of the log, session after session: gets to its head, then follows it. */
export class Follower {
  /** Whether the state is that of the log. */
  live = false;
  readonly #trail = new Trail();
  readonly #log: Log;
  /** The listener has seen a state of the log, or has to see one again. */
  #handedOn = false;
  /** The commits after the own position proved no good way to the head. */
  #doubtful = false;
  /** This epoch's history was rewritten, or the own state is wrong: a lower revision may be right. */
  #diverged = false;

  constructor(
    private readonly journal: Journal,
    private readonly onChange: (change: ConfigChange) => void | Promise<void>,
    private readonly options: FollowerOptions,
  ) {
    this.#log = options.log;
    for (const commit of journal.commits) this.#trail.note(commit);
  }

  get #state(): LiveState {
    return this.journal.state;
  }

  /** Hands on what the last run saved, if anything. */
  async handOnSaved(): Promise<void> {
    const { revision, resources } = this.#state;
    if (revision === 0 && resources.size === 0) return;
    const saved = this.#deliver({ kind: 'reset', state: this.#state.copy(), stale: true });
    // A listener that threw gets the state of the log as the next one.
    await saved.catch(() => undefined);
  }

  /** Works until the session ends or the state has to be taken again; the caller then starts over. */
  async work(session: Session): Promise<void> {
    const watch = new HeadWatch(session, () => this.#state, this.options);
    try {
      const streams = await LogStreams.open({ ...session, signal: watch.signal }, this.options.wire);
      const from = await this.#synchronise(streams);
      watch.start(streams, from - 1, () => this.live);
      const intake = new Intake(this.options.wire);
      for await (const message of streams.read({ stream: LOG_STREAM, from })) {
        await watch.handling(message.sequence, this.#handle(message, intake, session));
      }
    } finally {
      watch.stop();
      this.live = false;
    }
  }

  /** Gets to the log's head. @returns the sequence to follow from */
  async #synchronise(streams: LogStreams): Promise<number> {
    const head = await this.#readHead(streams);
    const way = this.#diverged ? 'snapshot' : wayTo(head.marker, this.#state, await this.#trusted(streams));
    // A listener that has a state already gets the commits that it missed one by one.
    if (way === 'commits' && this.#handedOn) {
      this.live = true;
      return this.journal.sequence + 1;
    }
    if (way === 'wait')
      this.#log.warn({ head: head.marker.revision }, 'config log: the log is behind this reader');
    else if (way !== 'current') await this.#catchUp(streams, head, way);
    if (way !== 'wait') await this.#arrive(head);
    return head.sequence + 1;
  }

  async #readHead(streams: LogStreams): Promise<Placed> {
    const head = await streams.head();
    if (!head) throw new NotYet('the config log is empty');
    return head;
  }

  /** Whether the log still has, at the own position, the marker of the own state. */
  async #trusted(streams: LogStreams): Promise<boolean> {
    const { sequence } = this.journal;
    if (this.#doubtful || sequence === 0) return false;
    const own = await streams.markerAt(sequence).catch((error: unknown) => {
      if (error instanceof WireError) return undefined;
      throw error;
    });
    return own !== undefined && sameHead(own.marker, this.#state);
  }

  async #catchUp(streams: LogStreams, head: Placed, way: 'commits' | 'snapshot'): Promise<void> {
    const { wire } = this.options;
    let reached: Replayed | undefined;
    if (way === 'commits') {
      const own = { state: this.#state.copy(), sequence: this.journal.sequence };
      reached = await replay(streams, own, head, wire);
    }
    if (!reached || !sameHead(reached.state, head.marker)) {
      reached = await replay(streams, await readSnapshot(streams, wire), head, wire);
    }
    if (this.#improves(reached.state)) await this.#replace(reached);
    this.#diverged = false;
  }

  #improves(other: LiveState): boolean {
    const { epoch, revision } = this.#state;
    if (other.epoch !== epoch) return other.epoch > epoch;
    return this.#diverged ? !sameHead(other, this.#state) : other.revision > revision;
  }

  async #replace({ state, sequence }: Replayed): Promise<void> {
    await this.journal.replace(state, sequence);
    this.#handedOn = false;
  }

  /** The state is that of the log, or as near to it as the log's messages allow. */
  async #arrive(head: Placed): Promise<void> {
    const state = this.#state;
    const exact = sameHead(head.marker, state);
    this.#trail.note(state);
    this.live = exact;
    if (exact) this.#doubtful = false;
    if (exact && this.journal.sequence !== head.sequence) await this.#save(() => this.#moveTo(head.sequence));
    if (this.#handedOn) return;
    this.#log.info({ epoch: state.epoch, revision: state.revision, exact }, 'config log: state taken');
    this.#handedOn = exact;
    await this.#deliver({ kind: 'reset', state: state.copy(), stale: !exact });
  }

  async #moveTo(sequence: number): Promise<void> {
    await this.journal.move(this.#state.epoch, this.#state.revision, sequence);
  }

  async #handle(message: StoredMessage, intake: Intake, session: Session): Promise<void> {
    const arrival = intake.take(message);
    if (!arrival) return;
    const problem = this.#problem(arrival);
    if (problem !== undefined) {
      this.#doubtful = true;
      throw new Resync(`message ${message.sequence}: ${problem}`);
    }
    if (arrival.kind !== 'commit' || relate(this.#state, arrival.marker) !== 'follows') return;
    if (!applyCommit(this.#state, arrival.commit)) {
      this.#doubtful = this.#diverged = true;
      throw new Resync(
        `message ${message.sequence}: revision ${arrival.commit.revision} has another state hash`,
      );
    }
    await this.#applied(arrival.commit, message.sequence);
    session.settled();
  }

  /** Why the state must be taken again. */
  #problem(arrival: Arrival): string | undefined {
    if (arrival.kind === 'refused') return arrival.reason;
    const { marker } = arrival;
    switch (relate(this.#state, marker)) {
      case 'older':
        return `the older epoch ${marker.epoch}`;
      case 'newer':
        return `the new epoch ${marker.epoch}`;
      case 'gap':
        return `a gap between revisions ${this.#state.revision} and ${marker.revision}`;
      case 'known':
        this.#diverged ||= this.#trail.contradicts(marker);
        return this.#diverged ? `revision ${marker.revision} was rewritten` : undefined;
      case 'follows':
        return undefined;
    }
  }

  async #applied(commit: Commit, sequence: number): Promise<void> {
    this.#trail.note(commit);
    this.live = true;
    try {
      await this.#deliver({ kind: 'commit', commit });
    } finally {
      await this.#save(() => this.journal.append(commit, sequence));
    }
  }

  /** @throws Resync where the listener threw */
  async #deliver(change: ConfigChange): Promise<void> {
    try {
      await this.onChange(change);
    } catch (error) {
      this.#log.error({ err: error }, 'config log: a change was not taken, a reset follows');
      this.#handedOn = false;
      throw new Resync('the listener needs the whole state', { cause: error });
    }
  }

  /** The saved state is a help at the next start, not a condition of this run. */
  async #save(write: () => Promise<void>): Promise<void> {
    await write().catch((error: unknown) =>
      this.#log.error({ err: error }, 'config log: the state cannot be saved'),
    );
  }
}

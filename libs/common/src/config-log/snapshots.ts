import type { Log } from '../nats/log.js';
import type { OutgoingMessage } from './batch.js';
import { type MessageOptions, snapshotMessages } from './messages.js';
import type { Placed } from './streams.js';
import type { ConfigState } from './types.js';
import type { SnapshotMarker } from './wire.js';
import type { WriterStreams } from './writer-streams.js';

export interface SnapshotOptions extends MessageOptions {
  readonly now: () => number;
  readonly log: Log;
  /** A snapshot after so many commits at the latest; default 8,192. */
  readonly snapshotEvery?: number;
}

const SNAPSHOT_EVERY = 8_192;
/**
 * A snapshot after so many bytes of commits, or after as many as the last snapshot took, if that is more: what snapshots
 * cost a commit does not grow with the config, and whoever reads one reads at most as much again after it.
 */
const SNAPSHOT_BYTES = 1024 * 1024;

/** Keeps the way to the newest state short: a snapshot every so many commits, and the log purged behind the last but one. */
export class Snapshots {
  #commits = 0;
  #bytes = 0;
  #snapshotBytes = 0;
  #running: Promise<void> | undefined;
  #newest: Placed<SnapshotMarker> | undefined;
  /** Last sequence of their stream: a snapshot of somebody else's since then makes the server refuse ours. */
  #end: number | undefined;

  constructor(private readonly options: SnapshotOptions) {}

  /** The newest one, once there is one. */
  get newest(): Placed<SnapshotMarker> | undefined {
    return this.#newest;
  }

  /** Goes on from what the streams hold: a snapshot, if it is of use, and so many commits after it. */
  resume(newest: Placed<SnapshotMarker> | undefined, commits: number, end: number): void {
    this.#newest = newest;
    this.#commits = commits;
    this.#bytes = 0;
    this.#end = end;
  }

  /** The stream ends there, and what it holds is not to be followed. */
  endsAt(sequence: number): void {
    this.#end = sequence;
  }

  /** A commit was published that took so many bytes. */
  count(bytes: number): void {
    this.#commits += 1;
    this.#bytes += bytes;
  }

  /**
   * Publishes a state that stands still.
   *
   * @param sequence sequence of the log up to which the state holds everything; it may hold more
   */
  async publish(streams: WriterStreams, state: ConfigState, sequence: number): Promise<SnapshotMarker> {
    const about = { sequence, time: new Date(this.options.now()).toISOString() };
    let marker: SnapshotMarker | undefined;
    let bytes = 0;
    const messages = snapshotMessages(state, about, (made) => (marker = made), this.options);
    const placed = await streams.publish(
      counted(messages, (size) => (bytes += size)),
      { gentle: true, ...(this.#end !== undefined && { expectedLastSequence: this.#end }) },
    );
    if (!marker) throw new Error('a snapshot without a marker');
    const older = this.#newest;
    const newer = { marker, sequence: placed };
    this.resume(newer, 0, placed);
    this.#snapshotBytes = bytes;
    this.options.log.info(
      { revision: state.revision, parts: marker.batch.parts },
      'config log: snapshot published',
    );
    if (older) await streams.purgeBehind(older, newer);
    return marker;
  }

  /** Starts a snapshot beside the traffic when it is time for one, and none is being made. */
  publishIfDue(streams: WriterStreams, state: () => ConfigState, sequence: number): void {
    const { snapshotEvery = SNAPSHOT_EVERY, log } = this.options;
    const due =
      this.#commits >= snapshotEvery || this.#bytes >= Math.max(SNAPSHOT_BYTES, this.#snapshotBytes);
    if (this.#running || !due) return;
    this.#running = this.publish(streams, state(), sequence).then(
      () => undefined,
      (error: unknown) => {
        // Part of it may be stored: the next one cannot know where the stream ends.
        this.#end = undefined;
        log.warn({ reason: String(error) }, 'config log: a snapshot failed, the next one follows');
      },
    );
    void this.#running.finally(() => (this.#running = undefined));
  }

  /** Resolves when no snapshot is being made. */
  async idle(): Promise<void> {
    await this.#running;
  }
}

/** Tells the size of each message as it passes. */
export function* counted(
  messages: Iterable<OutgoingMessage>,
  tell: (bytes: number) => void,
): Generator<OutgoingMessage> {
  for (const message of messages) {
    tell(message.payload.byteLength);
    yield message;
  }
}

import type { Log } from '../nats/log.js';
import { type MessageOptions, snapshotMessages } from './messages.js';
import type { Placed } from './streams.js';
import type { ConfigState } from './types.js';
import type { SnapshotMarker } from './wire.js';
import type { WriterStreams } from './writer-streams.js';

export interface SnapshotOptions extends MessageOptions {
  readonly now: () => number;
  readonly log: Log;
  /** A snapshot after so many commits; default 256. */
  readonly snapshotEvery?: number;
}

const SNAPSHOT_EVERY = 256;

/** Keeps the way to the newest state short: a snapshot every so many commits, and the log purged behind the last but one. */
export class Snapshots {
  #commits = 0;
  #running: Promise<void> | undefined;
  /** The newest one, once there is one. */
  newest: Placed<SnapshotMarker> | undefined;

  constructor(private readonly options: SnapshotOptions) {}

  /** A commit was published. */
  count(): void {
    this.#commits += 1;
  }

  /**
   * Publishes a state that stands still.
   *
   * @param sequence sequence of the log up to which the state holds everything; it may hold more
   */
  async publish(streams: WriterStreams, state: ConfigState, sequence: number): Promise<SnapshotMarker> {
    const about = { sequence, time: new Date(this.options.now()).toISOString() };
    let marker: SnapshotMarker | undefined;
    const messages = snapshotMessages(state, about, (made) => (marker = made), this.options);
    const placed = await streams.publish(messages, { gentle: true });
    if (!marker) throw new Error('a snapshot without a marker');
    const older = this.newest;
    this.newest = { marker, sequence: placed };
    this.#commits = 0;
    this.options.log.info(
      { revision: state.revision, parts: marker.batch.parts },
      'config log: snapshot published',
    );
    if (older) await streams.purgeBehind(older, marker);
    return marker;
  }

  /** Starts a snapshot beside the traffic when it is time for one, and none is being made. */
  publishIfDue(streams: WriterStreams, state: () => ConfigState, sequence: number): void {
    const { snapshotEvery = SNAPSHOT_EVERY, log } = this.options;
    if (this.#running || this.#commits < snapshotEvery) return;
    this.#running = this.publish(streams, state(), sequence).then(
      () => undefined,
      (error: unknown) =>
        log.warn({ reason: String(error) }, 'config log: a snapshot failed, the next one follows'),
    );
    void this.#running.finally(() => (this.#running = undefined));
  }

  /** Resolves when no snapshot is being made. */
  async idle(): Promise<void> {
    await this.#running;
  }
}

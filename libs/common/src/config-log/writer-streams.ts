import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { type BatchOptions, type OutgoingMessage, publishAtomic } from './batch.js';
import type { Session } from './link.js';
import {
  isMissing,
  LogStreams,
  openManager,
  type Placed,
  streamConfig,
  type StreamStatus,
} from './streams.js';
import {
  LOG_STREAM,
  LOG_SUBJECTS,
  SNAPSHOT_MARKER,
  SNAPSHOT_PARTS,
  SNAPSHOT_STREAM,
  SNAPSHOT_SUBJECTS,
  snapshotPart,
} from './subjects.js';
import type { SnapshotMarker, WireOptions } from './wire.js';

const STREAMS = [
  [LOG_STREAM, LOG_SUBJECTS],
  [SNAPSHOT_STREAM, SNAPSHOT_SUBJECTS],
] as const;

export interface WriterStatus {
  readonly log: StreamStatus;
  readonly snapshots: StreamStatus;
}

/** The two streams as their only writer sees them. */
export class WriterStreams extends LogStreams {
  static override async open(session: Session, wire?: WireOptions): Promise<WriterStreams> {
    return new WriterStreams(session, await openManager(session), wire);
  }

  private constructor(session: Session, manager: JetStreamManager, wire: WireOptions | undefined) {
    super(session, manager, wire);
  }

  /** Makes the streams that are missing, and has as many servers as `replicas` says hold each. */
  async ensure(replicas: number): Promise<void> {
    for (const [name, subjects] of STREAMS) {
      const config = { ...streamConfig(name, subjects), num_replicas: replicas };
      const found = await this.#find(name);
      if (!found) await this.request(this.manager.streams.add(config));
      else if (found.config.num_replicas !== replicas)
        await this.request(this.manager.streams.update(name, { num_replicas: replicas }));
    }
  }

  /** Nothing where a stream is missing. */
  async status(): Promise<WriterStatus | undefined> {
    const [log, snapshots] = await Promise.all([this.#info(LOG_STREAM), this.#info(SNAPSHOT_STREAM)]);
    return log && snapshots ? { log, snapshots } : undefined;
  }

  /** @returns sequence of the last message */
  async publish(messages: Iterable<OutgoingMessage>, options: BatchOptions): Promise<number> {
    return this.request(publishAtomic(this.session.connection, messages, options));
  }

  /**
   * Removes what two snapshots make superfluous: commits that the older one holds, and the parts of all others. The
   * older one stays for those that are reading it. Nothing is removed where somebody else published one since.
   */
  async purgeBehind(older: Placed<SnapshotMarker>, newer: Placed<SnapshotMarker>): Promise<void> {
    const { streams } = this.manager;
    await this.request(streams.purge(LOG_STREAM, { seq: older.marker.sequence + 1 }));
    await this.request(streams.purge(SNAPSHOT_STREAM, { filter: SNAPSHOT_MARKER, keep: 2 }));
    const kept = new Set([older, newer].map(({ marker }) => snapshotPart(marker.batch.id)));
    const info = await this.request(streams.info(SNAPSHOT_STREAM, { subjects_filter: SNAPSHOT_PARTS }));
    if (info.state.last_seq !== newer.sequence) return;
    for (const subject of Object.keys(info.state.subjects ?? {})) {
      if (!kept.has(subject)) await this.request(streams.purge(SNAPSHOT_STREAM, { filter: subject }));
    }
  }

  async #find(name: string): Promise<StreamInfo | undefined> {
    const info = this.manager.streams.info(name).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    return this.request(info);
  }

  async #info(name: string): Promise<StreamStatus | undefined> {
    const found = await this.#find(name);
    if (!found) return undefined;
    const { first_seq: firstSequence, last_seq: lastSequence } = found.state;
    return { firstSequence, lastSequence, created: found.created };
  }
}

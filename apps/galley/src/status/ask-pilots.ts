import type { NatsConnection } from '@nats-io/transport-node';
import { requestAll } from '#common/nats';
import { Fleet } from './rollout.js';
import type { PilotSummary } from './rollout.js';

const COLLECT_MS = 500;

/** Asks all Pilots over one connection, which is made when it is first used and kept. */
export class PilotQuestions {
  private connection: Promise<NatsConnection> | undefined;
  private closed = false;

  constructor(private readonly connect: () => Promise<NatsConnection>) {}

  /** Undefined where no Pilot answered: that says nothing of their proxies. */
  async fleet(): Promise<Fleet | undefined> {
    if (this.closed) return undefined;
    this.connection ??= this.connect().catch((error: unknown) => {
      this.connection = undefined;
      throw error;
    });
    const connection = await this.connection;
    if (connection.isClosed()) this.connection = undefined;
    const summaries = await requestAll<PilotSummary>(
      connection,
      'pilot.proxies.summary',
      {},
      { timeoutMs: COLLECT_MS },
    );
    return summaries.length > 0 ? new Fleet(summaries) : undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    const connection = await this.connection?.catch(() => undefined);
    await connection?.close();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats, requestOne, type Log, type NatsAccess } from '../nats/index.js';
import { readTrustBundle, type TrustBundle, type TrustBundleSource } from './trust-bundle.js';

export interface TrustBundleWatchOptions {
  readonly nats: NatsAccess;
  readonly log: Log;
  /** How often Citadel is asked once it has answered, in milliseconds. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 30_000;
const RETRY_MS = 1_000;
const ANSWER_LIMIT_MS = 2_000;

/**
 * Asks Citadel over NATS whom to trust, again and again. A Citadel or a bus that does not answer changes nothing: the
 * bundle that was learnt last stays.
 */
export class TrustBundleWatch implements TrustBundleSource {
  private bundle: TrustBundle | undefined;
  private readonly listeners = new Set<(bundle: TrustBundle) => void>();
  private readonly stopping = new AbortController();
  private connection: NatsConnection | undefined;

  constructor(private readonly options: TrustBundleWatchOptions) {}

  current(): TrustBundle | undefined {
    return this.bundle;
  }

  subscribe(listener: (bundle: TrustBundle) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    void this.run().catch((error: unknown) => {
      if (!this.stopping.signal.aborted)
        this.options.log.error({ err: error }, 'the trust bundle is not watched');
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.connection?.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const answered = await this.ask();
      const pause = answered ? (this.options.intervalMs ?? INTERVAL_MS) : RETRY_MS;
      await sleep(pause, undefined, { signal, ref: false });
    }
  }

  private async ask(): Promise<boolean> {
    try {
      this.connection ??= await connectNats(this.options.nats);
      const answer = await requestOne(
        this.connection,
        'citadel.trust-bundle',
        {},
        { timeoutMs: ANSWER_LIMIT_MS },
      );
      const bundle = readTrustBundle(answer);
      if (!bundle) throw new Error('the answer holds no certificates');
      this.take(bundle);
      return true;
    } catch (error) {
      this.options.log.debug({ err: error }, 'Citadel does not say whom to trust');
      return false;
    }
  }

  private take(bundle: TrustBundle): void {
    if (bundle.roots === this.bundle?.roots && bundle.trustDomain === this.bundle.trustDomain) return;
    this.bundle = bundle;
    this.options.log.info({ trustDomain: bundle.trustDomain }, 'learnt whom to trust');
    for (const listener of this.listeners) listener(bundle);
  }
}

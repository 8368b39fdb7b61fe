import { setTimeout as sleep } from 'node:timers/promises';

/** What became of one request. */
export interface Outcome {
  readonly ok: boolean;
  /** What went wrong, for the reader. */
  readonly detail: string;
}

export interface ProbeResult {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** What went wrong, in words, for the first 20. */
  readonly failures: readonly string[];
  /** Requests per second that were really sent. */
  readonly rate: number;
}

const MAX_DETAILS = 20;

/**
 * Sends requests at a fixed rate, open loop: the next goes out when its time has come, whether or not the ones before
 * were answered, so that a stall shows as what it is.
 */
export class Prober {
  private readonly started = performance.now();
  private readonly pending = new Set<Promise<void>>();
  private readonly failures: string[] = [];
  private sent = 0;
  private failed = 0;
  private stopped = false;
  private readonly loop: Promise<void>;

  /** @param rate requests per second */
  constructor(
    private readonly send: () => Promise<Outcome>,
    private readonly rate: number,
  ) {
    this.loop = this.run();
  }

  /** Sends beside the action, and no longer than it runs, well or not: who fails is not to leave a load behind. */
  async during(action: () => Promise<void>): Promise<ProbeResult> {
    try {
      await action();
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this.stop();
  }

  /** Sends no more, waits for what is on its way, and tells what happened. */
  async stop(): Promise<ProbeResult> {
    this.stopped = true;
    await this.loop;
    const seconds = (performance.now() - this.started) / 1000;
    await Promise.all(this.pending);
    const { sent, failed, failures } = this;
    return { sent, answered: sent - this.pending.size, failed, failures, rate: sent / seconds };
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const due = Math.floor(((performance.now() - this.started) / 1000) * this.rate);
      while (this.sent < due) this.sendOne();
      await sleep(1);
    }
  }

  private sendOne(): void {
    this.sent += 1;
    const request = this.send()
      .catch((error: unknown): Outcome => ({ ok: false, detail: String(error) }))
      .then(({ ok, detail }) => {
        if (!ok) this.failed += 1;
        if (!ok && this.failures.length < MAX_DETAILS) this.failures.push(detail);
        this.pending.delete(request);
      });
    this.pending.add(request);
  }
}

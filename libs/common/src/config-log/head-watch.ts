import { setTimeout as sleep } from 'node:timers/promises';
import { type Head, sameHead } from './judge.js';
import type { Session } from './link.js';
import type { LogStreams, Placed } from './streams.js';

const CHECK_INTERVAL_MS = 1_000;

/**
 * Looks at the log's head now and then, since a stream that was wiped, put back or made anew says nothing to those
 * who read it. Ends the reading when it no longer leads to the head.
 */
export class HeadWatch {
  readonly #abort = new AbortController();
  readonly #onEnd = (): void => this.#abort.abort(this.session.signal.reason);
  #seen = 0;
  #stalledAt = -1;
  #busy = false;

  constructor(
    private readonly session: Session,
    private readonly state: () => Head,
    private readonly options: { readonly checkInterval?: number },
  ) {
    if (session.signal.aborted) this.#onEnd();
    session.signal.addEventListener('abort', this.#onEnd, { once: true });
  }

  /** Aborts when the reading has to start over, or with the session. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Notes that a message is handled: for as long as that takes, others may wait. */
  async handling(sequence: number, work: Promise<void>): Promise<void> {
    this.#busy = true;
    try {
      await work;
    } finally {
      this.#busy = false;
    }
    this.#seen = sequence;
  }

  /** @param sequence what was handled so far */
  start(streams: LogStreams, sequence: number, live: () => boolean): void {
    this.#seen = sequence;
    void this.#watch(streams, live);
  }

  stop(): void {
    this.session.signal.removeEventListener('abort', this.#onEnd);
    this.#abort.abort(new Error('the reading ended'));
  }

  async #watch(streams: LogStreams, live: () => boolean): Promise<void> {
    const { signal } = this;
    const { checkInterval = CHECK_INTERVAL_MS } = this.options;
    while (!signal.aborted) {
      await sleep(checkInterval, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const head = await streams.head().catch(() => undefined);
      const reason = head && !signal.aborted ? this.#problem(head, live()) : undefined;
      if (reason !== undefined) this.#abort.abort(new Error(reason));
    }
  }

  #problem({ marker, sequence }: Placed, live: boolean): string | undefined {
    if (this.#busy) return undefined;
    const same = sameHead(marker, this.state());
    if (same && live) this.session.settled();
    if (same) return live ? undefined : 'the log has caught up';
    if (sequence < this.#seen) return 'the log was put back';
    if (sequence === this.#seen) return live ? 'the log is another one' : undefined;
    // Messages on their way are no reason: only two looks without any progress are.
    const stalled = this.#stalledAt === this.#seen;
    this.#stalledAt = this.#seen;
    return stalled ? 'messages of the log do not arrive' : undefined;
  }
}

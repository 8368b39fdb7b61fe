import type { Log } from '#common/nats';
import type { Fleet } from './rollout.js';

export interface FleetWatchOptions {
  /** What all Pilots say now; undefined where none can be asked. */
  readonly fleet: () => Promise<Fleet | undefined>;
  readonly log: Log;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5_000;

/** Keeps what Pilots said last, by asking them every now and then. Pilots that do not answer change nothing. */
export class FleetWatch {
  private last: Fleet | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<Fleet | undefined> | undefined;

  constructor(private readonly options: FleetWatchOptions) {}

  /** Undefined until a Pilot has answered. */
  get fleet(): Fleet | undefined {
    return this.last;
  }

  start(): void {
    this.timer ??= setInterval(() => void this.ask(), this.options.intervalMs ?? INTERVAL_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.asking;
  }

  /** What they say now; undefined where none can be asked. */
  ask(): Promise<Fleet | undefined> {
    this.asking ??= this.question().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async question(): Promise<Fleet | undefined> {
    try {
      const fleet = await this.options.fleet();
      if (fleet) this.last = fleet;
      return fleet;
    } catch (error) {
      this.options.log.debug({ err: error }, 'Pilots do not say how far their proxies are');
      return undefined;
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { ServerNats } from '@nestjs/microservices';
import { connectionOptions, connectNats, silentLog, type Log, type NatsAccess } from '../nats/index.js';

export interface NatsMicroserviceOptions extends NatsAccess {
  /**
   * Queue group of all handlers: one replica answers. Left out where every replica must answer
   * (`pilot.proxies.holding`, asked with requestAll).
   */
  readonly queue?: string;
  readonly log?: Log;
}

const RETRY_MS = 500;

/**
 * Nest's NATS transport for `app.connectMicroservice`, which does not need NATS to start: handlers answer as soon
 * as the server is there. A service must come up, and serve its proxies, while NATS is away.
 */
export function natsMicroservice(options: NatsMicroserviceOptions): { strategy: PatientServerNats } {
  return { strategy: new PatientServerNats(options) };
}

type ListenCallback = Parameters<ServerNats['listen']>[0];

export class PatientServerNats extends ServerNats {
  readonly #options: NatsMicroserviceOptions;
  readonly #closing = new AbortController();

  constructor(options: NatsMicroserviceOptions) {
    super({ ...connectionOptions(options), queue: options.queue } as ConstructorParameters<
      typeof ServerNats
    >[0]);
    this.#options = options;
  }

  override async listen(callback: ListenCallback): Promise<void> {
    callback();
    await Promise.resolve();
    void super.listen((error?: unknown) => {
      if (error && !this.#closing.signal.aborted)
        this.#log.error({ err: error }, 'cannot answer requests over NATS');
    });
  }

  override async close(): Promise<void> {
    this.#closing.abort();
    await super.close();
  }

  /** Tries until NATS is there or this transport closes. */
  override async createNatsClient(): Promise<NatsConnection> {
    const { signal } = this.#closing;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await connectNats(this.#options);
      } catch (error) {
        this.#log.debug({ err: error }, 'NATS is away');
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  get #log(): Log {
    return this.#options.log ?? silentLog;
  }
}

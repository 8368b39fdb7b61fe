/** Writers and readers of the config log on a real server, and what the tests ask them. */
import { jetstreamManager } from '@nats-io/jetstream';
import { tempDir, until } from '#common/testing';
import { Bus } from './bus.rig.js';
import {
  ConfigLogReader,
  ConfigLogWriter,
  type ConfigChange,
  type ConfigLogReaderOptions,
  type ConfigLogWriterOptions,
  type ConfigState,
  type Operation,
  StateHash,
} from './index.js';
import { LOG_STREAM } from './subjects.js';

/** Far below the default: a test does not want to wait. */
const CHECK_INTERVAL_MS = 200;

export function put(name: string, content: string): Operation {
  return { op: 'put', key: `g/K/ns/${name}`, content, origin: { file: 'a.yaml', line: 1 } };
}

/** A reader that keeps what it is given, as a consumer does. */
export class Consumer {
  readonly changes: ConfigChange[] = [];
  /** The state as the changes alone make it. */
  readonly contents = new Map<string, string>();
  readonly reader: ConfigLogReader;
  #onNext: () => void = () => undefined;

  constructor(options: ConfigLogReaderOptions) {
    this.reader = new ConfigLogReader(options);
  }

  async start(): Promise<this> {
    await this.reader.start((change) => this.#take(change));
    return this;
  }

  /** Waits until reader and consumer are where the writer is. */
  async reaches(state: ConfigState, timeout = 30_000): Promise<void> {
    const there = (): boolean => this.reader.live && same(this.reader.state, state);
    await until(there, { what: `revision ${state.revision}`, timeout });
    await until(() => this.#stateHash() === state.stateHash, { what: 'the consumer to follow' });
  }

  /** Resolves with the next change. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => (this.#onNext = resolve));
  }

  /** How often the whole state came, by whether it was the saved one. */
  resets(stale: boolean): number {
    return this.changes.filter((change) => change.kind === 'reset' && change.stale === stale).length;
  }

  #stateHash(): string {
    return StateHash.of([...this.contents].map(([key, content]) => [key, { content }] as const)).toString();
  }

  #take(change: ConfigChange): void {
    this.changes.push(change);
    this.#onNext();
    if (change.kind === 'reset') {
      this.contents.clear();
      for (const [key, { content }] of change.state.resources) this.contents.set(key, content);
      return;
    }
    for (const operation of change.commit.operations) {
      if (operation.op === 'put') this.contents.set(operation.key, operation.content);
      if (operation.op === 'delete') this.contents.delete(operation.key);
    }
  }
}

function same(a: ConfigState, b: ConfigState): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.stateHash === b.stateHash;
}

/** A bus, and whoever uses it in one test. */
export class LogRig {
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(readonly bus: Bus) {}

  static async start(): Promise<LogRig> {
    return new LogRig(await Bus.start());
  }

  async writer(
    stateDir = tempDir(),
    options: Partial<ConfigLogWriterOptions> = {},
  ): Promise<ConfigLogWriter> {
    const connect = this.bus.connect('galley');
    const writer = await ConfigLogWriter.open({
      connect,
      stateDir,
      checkInterval: CHECK_INTERVAL_MS,
      ...options,
    });
    this.#stops.push(() => writer.close());
    return writer;
  }

  async consumer(stateDir = tempDir(), options: Partial<ConfigLogReaderOptions> = {}): Promise<Consumer> {
    const connect = this.bus.connect('pilot');
    const consumer = new Consumer({ connect, stateDir, checkInterval: CHECK_INTERVAL_MS, ...options });
    await consumer.start();
    this.#stops.push(() => consumer.reader.stop());
    return consumer;
  }

  /** First and last sequence of the log. */
  async log(): Promise<{ first: number; last: number; messages: number }> {
    const connection = await this.bus.connect('galley')();
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const { state } = await manager.streams.info(LOG_STREAM);
      return { first: state.first_seq, last: state.last_seq, messages: state.messages };
    } finally {
      await connection.close();
    }
  }

  async end(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
    await this.bus.stop();
  }
}

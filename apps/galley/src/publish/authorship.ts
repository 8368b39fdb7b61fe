import { ConfigLogReader, ConfigLogWriter } from '#common/config-log';
import type { ConfigChange, ConfigLogWriterOptions, ConfigState } from '#common/config-log';
import { Lease } from '#common/kube';
import type { LeaseOptions, LeaseState } from '#common/kube';
import { silentLog } from '#common/nats';
import type { Writer } from './committer.js';

/** What begins and ends with the right to write the config log. */
export interface Author {
  /** Another one wrote this. */
  heard(change: ConfigChange): void;
  /** Writes from now on. */
  lead(writer: Writer): void;
  /** Resolves when nothing more is written. */
  follow(): Promise<void>;
}

/** Whether this replica writes the config log, and what it knows of it. */
export interface Authorship {
  readonly state: ConfigState;
  /** Whether NATS is reached at this moment. */
  readonly connected: boolean;
  /** What was lost of the state on disk, in words. */
  readonly damage: readonly string[];
  /** Writes the log. */
  readonly leading: boolean;
  /** Is the one for certain at this moment, which is what other servers than the log have to be spared doubts about. */
  readonly certain: boolean;
  /** What is wrong with the choice of the one, and what does not happen therefore, if so. */
  readonly problem: string | undefined;
  /** Takes up its part, which may change as often as it likes. */
  start(author: Author): Promise<void>;
  /** Call when `author` is closed. */
  close(): Promise<void>;
}

type LogOptions = Pick<ConfigLogWriterOptions, 'connect' | 'stateDir' | 'log' | 'checkInterval'>;

/** The only Galley there is. */
export class SoleAuthor implements Authorship {
  readonly leading = true;
  readonly certain = true;
  readonly problem = undefined;

  private constructor(private readonly writer: ConfigLogWriter) {}

  static async open(options: LogOptions): Promise<SoleAuthor> {
    return new SoleAuthor(await ConfigLogWriter.open(options));
  }

  get state(): ConfigState {
    return this.writer.state;
  }

  get connected(): boolean {
    return this.writer.connected;
  }

  get damage(): readonly string[] {
    return this.writer.damage;
  }

  async start(author: Author): Promise<void> {
    await Promise.resolve(author.lead(this.writer));
  }

  async close(): Promise<void> {
    await this.writer.close();
  }
}

/** A log that is there is read to its end before it is written, if that takes no longer than this. */
const CATCH_UP_MS = 1_000;
const LOOK_MS = 10;
/** So often a log that is ahead is read first; one that cannot be read is written anew then. */
const PATIENCE = 5;

/**
 * One of several Galleys, of whom a lease chooses one. The others read the log, each into its own journal, so that
 * whoever is chosen goes on from where the log ends. It begins with an epoch of its own, unless the lease was given up
 * in order: what the one before still sends, not knowing that its time is over, is refused by the log then.
 */
export class ElectedAuthor implements Authorship {
  private readonly lease: Lease;
  private reader: ConfigLogReader | undefined;
  private writer: ConfigLogWriter | undefined;
  /** Of the two the one that was opened last, for those who ask while one takes over from the other. */
  private newest: ConfigLogReader | ConfigLogWriter | undefined;
  private overtaken = 0;
  private isOvertaken = false;
  private author: Author | undefined;
  private turning: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly options: LogOptions,
    lease: Omit<LeaseOptions, 'onChange'>,
  ) {
    this.lease = new Lease({ ...lease, onChange: () => this.turn() });
  }

  static async open(options: LogOptions, lease: Omit<LeaseOptions, 'onChange'>): Promise<ElectedAuthor> {
    const author = new ElectedAuthor(options, lease);
    await author.read();
    return author;
  }

  get state(): ConfigState {
    if (!this.newest) throw new Error('the config log was not opened');
    return this.newest.state;
  }

  get connected(): boolean {
    return this.newest?.connected ?? false;
  }

  get damage(): readonly string[] {
    return this.writer?.damage ?? [];
  }

  get leading(): boolean {
    return this.writer !== undefined && !this.isOvertaken;
  }

  get certain(): boolean {
    return this.leading && this.lease.fresh;
  }

  get problem(): string | undefined {
    const { problem } = this.lease;
    if (problem === undefined) return undefined;
    return this.leading
      ? `cannot be renewed, nothing is written to the cluster: ${problem}`
      : `cannot be taken, config is not published: ${problem}`;
  }

  async start(author: Author): Promise<void> {
    this.author = author;
    this.lease.start();
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.turning;
    await this.stopWriting();
    await this.reader?.stop();
    // Only now: the next one need not fear that this one still writes.
    await this.lease.close();
  }

  /** One turn at a time, each by what is true then. */
  private turn(): void {
    this.turning = this.turning
      .then(() => (this.closed ? undefined : this.takePart(this.lease.state)))
      .catch((error: unknown) => {
        (this.options.log ?? silentLog).error({ err: error }, 'cannot take up the config log: trying again');
        setTimeout(() => this.turn(), CATCH_UP_MS);
      });
  }

  private async takePart(state: LeaseState): Promise<void> {
    if (this.writer && (this.isOvertaken || state.kind !== 'holding')) {
      await this.stopWriting();
      await this.read();
    }
    if (state.kind === 'holding' && !this.writer) await this.write(state.clean);
  }

  private async read(): Promise<void> {
    this.reader = new ConfigLogReader(this.options);
    await this.reader.start((change) => this.author?.heard(change));
    this.newest = this.reader;
  }

  private async write(clean: boolean): Promise<void> {
    const insist = this.overtaken >= PATIENCE;
    await this.caughtUp();
    if (this.lease.state.kind !== 'holding') return;
    await this.reader?.stop();
    this.reader = undefined;
    this.isOvertaken = false;
    const onOvertaken = (): void => {
      this.isOvertaken = true;
      this.overtaken += 1;
      this.turn();
    };
    const succession = { fence: !clean || this.overtaken > 0, onOvertaken, insist };
    this.writer = await ConfigLogWriter.open({ ...this.options, succession });
    this.newest = this.writer;
    this.author?.lead(this.writer);
    void this.writer.published().then(() => (this.overtaken = 0));
  }

  private async stopWriting(): Promise<void> {
    const { writer } = this;
    await this.author?.follow();
    this.writer = undefined;
    await writer?.close();
  }

  private async caughtUp(): Promise<void> {
    const limit = performance.now() + CATCH_UP_MS;
    while (!this.reader?.live && performance.now() < limit && !this.closed)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

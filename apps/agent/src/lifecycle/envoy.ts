import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress, type Address } from '#common/flags';
import { endOf, exitCodeOf, spawnWithLifeline, stopProcess } from '#common/lifeline';
import type { JsonObject } from '../bootstrap/json.js';
import type { Log } from '../log.js';
import { askAdmin, parseStats, type AdminAnswer } from './admin.js';
import { RestartBackoff } from './backoff.js';
import { READINESS_STATS } from './readiness.js';

export interface EnvoyOptions {
  readonly executable: string;
  /** The agent's private folder. */
  readonly folder: string;
  readonly concurrency: number;
  readonly logLevel: string;
  /** More arguments. */
  readonly more?: readonly string[];
  /** Where the admin interface shall be; port 0 lets Envoy choose, and later runs keep its choice. */
  readonly admin: Address;
  readonly bootstrap: (admin: Address) => JsonObject;
  readonly log: Log;
}

/** Istio's drain time of listeners that Pilot replaces or takes away, in seconds. */
const LISTENER_DRAIN_SECONDS = 45;
/** Attempts to start before Envoy was ever live: what fails each time is its configuration, or this host. */
const MAX_FAILED_STARTS = 5;
const STOP_GRACE_MS = 1_500;
const POLL_MS = 10;

interface EnvoyEvents {
  /** Envoy ended and will not be started again; with its exit code. */
  end: [code: number];
}

/** Keeps one Envoy running: starts it again, with a growing delay, when it ends. */
export class EnvoySupervisor extends EventEmitter<EnvoyEvents> {
  private readonly backoff = new RestartBackoff();
  private child: ChildProcess | undefined;
  private adminAddress: Address | undefined;
  private stopping = false;
  private wasLive = false;
  private starts = 0;

  constructor(private readonly options: EnvoyOptions) {
    super();
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get restarts(): number {
    return Math.max(0, this.starts - 1);
  }

  /** Where the admin interface is; undefined until Envoy has opened it. */
  get admin(): Address | undefined {
    return this.adminAddress;
  }

  /** Whether Envoy runs and was live before, so that it may have clients. */
  get live(): boolean {
    return this.wasLive && this.child !== undefined;
  }

  /** To be called once Envoy has been seen live: from then on, it is restarted without end. */
  markLive(): void {
    this.wasLive = true;
  }

  async start(): Promise<void> {
    const { executable, folder, bootstrap, admin } = this.options;
    const config = join(folder, 'bootstrap.json');
    const addressFile = join(folder, 'admin-address');
    await Promise.all([
      writeFile(config, JSON.stringify(bootstrap(this.adminAddress ?? admin)), { mode: 0o600 }),
      rm(addressFile, { force: true }),
    ]);
    if (this.stopping) return;
    const startedAt = Date.now();
    const child = spawnWithLifeline(executable, this.argumentsOf(config, addressFile), { stdout: 'ignore' });
    this.child = child;
    this.starts += 1;
    endOf(child)
      .then((end) => this.ended(exitCodeOf(end), Date.now() - startedAt))
      .catch((error: Error) => this.giveUp(error.message, 1));
    await this.findAdmin(child, addressFile);
  }

  /** Asks the admin interface; rejects where Envoy is not there. */
  async ask(method: 'GET' | 'POST', path: string): Promise<AdminAnswer> {
    if (this.adminAddress === undefined) throw new Error('Envoy is not running');
    return askAdmin(this.adminAddress, method, path);
  }

  /** What readiness is decided by; undefined where Envoy does not answer. */
  async readinessStats(): Promise<ReadonlyMap<string, number> | undefined> {
    try {
      return parseStats((await this.ask('GET', READINESS_STATS)).body);
    } catch {
      return undefined;
    }
  }

  /** Ends Envoy for good, within 1.5 s. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.child !== undefined) await stopProcess(this.child, STOP_GRACE_MS);
  }

  private argumentsOf(config: string, addressFile: string): string[] {
    const { concurrency, logLevel, more = [] } = this.options;
    return [
      ...['-c', config, '--admin-address-path', addressFile, '--disable-hot-restart'],
      ...['--concurrency', String(concurrency), '--log-level', logLevel],
      ...(more.includes('--drain-time-s') ? [] : ['--drain-time-s', String(LISTENER_DRAIN_SECONDS)]),
      ...['--drain-strategy', 'immediate', ...more],
    ];
  }

  /** Envoy writes the file once it listens. */
  private async findAdmin(child: ChildProcess, file: string): Promise<void> {
    while (child === this.child && child.exitCode === null && child.signalCode === null) {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (text !== '') {
        this.adminAddress = parseAddress(text.trim());
        return;
      }
      await sleep(POLL_MS);
    }
  }

  private async ended(code: number, runMs: number): Promise<void> {
    this.child = undefined;
    if (this.stopping) return;
    if (!this.wasLive && this.starts >= MAX_FAILED_STARTS) {
      this.giveUp(`ended ${this.starts} times before it was live`, code);
      return;
    }
    const delayMs = this.backoff.delayAfter(runMs);
    this.options.log.warn({ code, delayMs }, 'Envoy ended; it is started again');
    await sleep(delayMs);
    if (!this.stopping) await this.start();
  }

  private giveUp(reason: string, code: number): void {
    this.options.log.error({ reason, code }, 'Envoy cannot be kept running');
    this.emit('end', code);
  }
}

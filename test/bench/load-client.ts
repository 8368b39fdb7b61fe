import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadCommand, LoadReply } from './load.js';
import type { Traffic } from './simulated-proxy.js';

type Reply<K extends LoadReply['kind']> = Extract<LoadReply, { kind: K }>;
type Watch = Omit<Extract<LoadCommand, { kind: 'watch' }>, 'kind'>;

/** A herd of thousands, on a busy machine. */
const PATIENCE_MS = 600_000;

/** Simulated proxies in a process of their own. */
export class LoadClient {
  private readonly process: ChildProcess = fork(fileURLToPath(new URL('./load.js', import.meta.url)));

  /** Resolves when all of them have everything; with what they received. */
  async connect(address: string, proxies: number): Promise<Traffic> {
    const { traffic } = await this.ask({ kind: 'connect', address, proxies }, 'connected');
    return traffic;
  }

  /** How long after the beginning of `edit` each proxy saw what it watches for, in milliseconds; and what came meanwhile. */
  async during(watch: Watch, edit: () => Promise<unknown>): Promise<{ latencies: number[]; bytes: number }> {
    await this.ask({ kind: 'watch', ...watch }, 'watching');
    const start = process.hrtime.bigint();
    const seen = this.answer('seen');
    await edit();
    const { times, traffic } = await seen;
    const latencies = times.map((time) => Number(BigInt(time) - start) / 1e6);
    return { latencies, bytes: traffic.bytes };
  }

  close(): void {
    this.process.disconnect();
  }

  private async ask<K extends LoadReply['kind']>(command: LoadCommand, kind: K): Promise<Reply<K>> {
    this.process.send(command);
    return this.answer(kind);
  }

  private async answer<K extends LoadReply['kind']>(kind: K): Promise<Reply<K>> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const [reply] = (await once(this.process, 'message', { signal })) as [LoadReply];
    if (reply.kind !== kind) throw new Error(`the load client says ${JSON.stringify(reply)}`);
    return reply as Reply<K>;
  }
}

import type { HttpAnswer } from '../../../apps/cli/src/demo/measure/http-client.js';
import { Prober, type Outcome, type ProbeResult } from '../../../apps/cli/src/demo/measure/prober.js';
import type { Dice } from '../../support/dice.js';
import { CORE } from './mesh.js';
import type { MeshProxy } from './proxy.js';

/** Who hears of an answer, as soon as it is there. */
export type Listener = (proxy: MeshProxy, service: string, answer: HttpAnswer) => void;

/**
 * Constant load: a fixed number of requests per second, each to a core service through one of the proxies. A request
 * fails where it is not answered 200, or goes an older way than one that was answered before it was sent.
 */
export class ConstantLoad {
  private readonly prober: Prober;
  private readonly newest = new Map<string, number>();

  constructor(
    private readonly proxies: readonly MeshProxy[],
    private readonly dice: Dice,
    rate: number,
    private readonly listener: Listener = () => undefined,
  ) {
    this.prober = new Prober(() => this.call(this.dice.oneOf(this.proxies), this.dice.oneOf(CORE)), rate);
  }

  /** Does something under this load, and says what became of the requests. */
  async during(action: () => Promise<unknown>): Promise<ProbeResult> {
    try {
      await action();
    } catch (error) {
      const { failures } = await this.prober.stop();
      throw new Error(`${(error as Error).message}; requests that failed: ${JSON.stringify(failures)}`, {
        cause: error,
      });
    }
    return this.prober.stop();
  }

  private async call(proxy: MeshProxy, service: string): Promise<Outcome> {
    const { name } = proxy.plan;
    const way = `${name} ${service}`;
    const before = this.newest.get(way) ?? 0;
    const answer = await proxy.call(service);
    const mark = markOf(answer);
    this.listener(proxy, service, answer);
    if (answer.status !== 200) {
      return {
        ok: false,
        detail: `${way}: ${answer.status} ${answer.body.slice(0, 120)} after mark ${before}`,
      };
    }
    this.newest.set(way, Math.max(mark, this.newest.get(way) ?? 0));
    return { ok: mark >= before, detail: `${way}: mark ${mark} after ${before}` };
  }
}

export function markOf({ headers }: HttpAnswer): number {
  return Number(headers['x-mark']);
}

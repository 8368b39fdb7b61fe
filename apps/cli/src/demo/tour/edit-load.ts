import { Prober, type ProbeResult } from '../measure/prober.js';
import type { HttpAnswer } from '../measure/http-client.js';
import { request, type MarkedHost } from './marked-hosts.js';
import { MARK } from './routes.js';
import { check, type Tour } from './step.js';

/** Somewhat above the 500 requests/s that are asked for, so that the rate holds on a busy machine as well. */
const RATE = 520;
const LEAST_RATE = 500;
const EFFECT_LIMIT_MS = 5_000;

/** An edit on its way: the mark that its route will show, and whom to tell of the first answer with it. */
interface Awaited {
  readonly mark: string;
  readonly arrived: (at: number) => void;
}

/**
 * The load under which routes are edited: every request goes to the host that is being edited, so that the first one
 * that is routed the new way is seen within the 2 ms between two of them, by the load itself.
 */
export class EditLoad {
  private readonly prober: Prober;
  private target: MarkedHost;
  private mark: string;
  private awaited: Awaited | undefined;

  constructor(
    private readonly tour: Tour,
    target: MarkedHost,
    mark: string,
  ) {
    this.target = target;
    this.mark = mark;
    this.prober = new Prober(() => this.send(), RATE);
  }

  /** Sends the load to this host from now on; it is known to show this mark. */
  aimAt(target: MarkedHost, mark: string): void {
    this.target = target;
    this.mark = mark;
  }

  /**
   * Makes an edit that gives the host this mark. Resolves with the milliseconds from before the edit to the end of
   * the first answer that was routed the new way.
   */
  async timeEdit(mark: string, edit: () => void | Promise<void>): Promise<number> {
    const arrival = new Promise<number>((resolve) => (this.awaited = { mark, arrived: resolve }));
    const limit = setTimeout(() => this.awaited?.arrived(NaN), EFFECT_LIMIT_MS);
    const start = performance.now();
    await edit();
    const at = await arrival;
    clearTimeout(limit);
    this.awaited = undefined;
    check(!Number.isNaN(at), `the edit of ${this.target.file} had no effect for ${EFFECT_LIMIT_MS / 1000} s`);
    this.mark = mark;
    return at - start;
  }

  /** Keeps the load up while the action runs. Throws where a request failed or the rate was not reached. */
  async during(action: () => Promise<void>): Promise<ProbeResult> {
    const result = await this.prober.during(action);
    const { failed, sent, rate, failures } = result;
    check(failed === 0, `${failed} of ${sent} requests failed: ${failures[0]}`);
    check(rate >= LEAST_RATE, `the load was ${rate.toFixed(0)} requests/s only`);
    return result;
  }

  private async send() {
    const { target, mark } = this;
    const answer = await request(this.tour, target);
    if (target !== this.target) return judge(answer, target);
    const seen = answer.headers[MARK];
    if (seen === this.awaited?.mark) this.awaited?.arrived(answer.at);
    else if (seen !== mark && seen !== this.mark) {
      return { ok: false, detail: `${target.host} showed ${String(seen)}, not ${mark}` };
    }
    return judge(answer, target);
  }
}

function judge({ status, body }: HttpAnswer, { host }: MarkedHost) {
  return { ok: status === 200, detail: `${host}: ${status} ${body.slice(0, 80)}` };
}

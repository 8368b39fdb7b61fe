import type { ConfigState } from '#common/config-log';
import type { Log } from '#common/nats';
import { diagnostic, splitKey } from '#config';
import type { Diagnostic } from '#config';
import type { Fleet, Refused } from './rollout.js';

const NOWHERE = { file: '', line: 0 };

/** What the authors of withdrawn config should know, as long as it stands in the log. */
export function withdrawnDiagnostics(
  refused: Iterable<Refused>,
  resources: ConfigState['resources'],
): Diagnostic[] {
  return [...refused].flatMap(({ config, inForce, name, proxy, message }) => {
    const held = resources.get(config);
    if (inForce === undefined || !held) return [];
    const { kind, namespace, name: own } = splitKey(config);
    const outcome = inForce === 'nothing' ? 'is left out' : `stays at its ${inForce}`;
    const reason = proxy === undefined ? "breaks a rule of Envoy's API" : 'is refused by Envoy';
    const words = `${kind} ${namespace}/${own} ${outcome}: with it '${name}' ${reason}: ${message}`;
    return [diagnostic('withdrawn', words, { origin: held.origin ?? NOWHERE, resource: config })];
  });
}

export interface WithdrawnWatchOptions {
  /** What all Pilots say now; undefined where none can be asked. */
  readonly fleet: () => Promise<Fleet | undefined>;
  readonly log: Log;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 5_000;

/** Keeps what Pilots have withdrawn last, by asking them every now and then. Pilots that do not answer change nothing. */
export class WithdrawnWatch {
  private last: readonly Refused[] = [];
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<void> | undefined;

  constructor(private readonly options: WithdrawnWatchOptions) {}

  get refused(): readonly Refused[] {
    return this.last;
  }

  start(): void {
    this.timer ??= setInterval(() => {
      this.asking ??= this.ask().finally(() => (this.asking = undefined));
    }, this.options.intervalMs ?? INTERVAL_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.asking;
  }

  private async ask(): Promise<void> {
    try {
      const fleet = await this.options.fleet();
      if (fleet) this.last = [...fleet.refused.values()];
    } catch (error) {
      this.options.log.debug({ err: error }, 'Pilots do not say what they withdrew');
    }
  }
}

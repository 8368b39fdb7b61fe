import { Counter, Gauge, type Registry as Metrics } from 'prom-client';
import type { Logger } from '#common/logger';
import type { RegistryChange } from '../model/registry.js';
import { RemovalHold, type HeldRemoval, type RemovalLimits } from '../registries/removal-hold.js';

export interface RemovalGuardOptions {
  readonly limits: RemovalLimits;
  readonly discover: (change: RegistryChange) => void;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
}

const CHECK_INTERVAL_MS = 1_000;

/** Holds mass removals back from the pipeline ({@link RemovalHold}), raises the alarm, and lets them go in time. */
export class RemovalGuard {
  private readonly hold: RemovalHold;
  private readonly timer: NodeJS.Timeout;
  private readonly removals: Counter;
  private told = new Set<string>();

  constructor(private readonly options: RemovalGuardOptions) {
    const hold = new RemovalHold(options.limits);
    this.hold = hold;
    this.timer = setInterval(() => this.release(), CHECK_INTERVAL_MS).unref();
    const registers = [options.metrics];
    this.removals = new Counter({
      name: 'pilot_mass_removals',
      help: 'Times that a service lost most of its endpoints at once',
      labelNames: ['registry'],
      registers,
    });
    new Gauge({
      name: 'pilot_held_endpoints',
      help: 'Endpoints that a registry no longer has, and that stay in force for now',
      labelNames: ['registry'],
      registers,
      collect() {
        this.reset();
        for (const { registry, kept } of hold.held) this.inc({ registry }, kept);
      },
    });
  }

  get held(): HeldRemoval[] {
    return this.hold.held;
  }

  discover(change: RegistryChange): void {
    const { discover, now } = this.options;
    discover(this.hold.admit(change, now()));
    this.tell();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private release(): void {
    for (const change of this.hold.due(this.options.now())) this.options.discover(change);
    this.tell();
  }

  private tell(): void {
    const { logger } = this.options;
    const held = new Map(this.held.map((each) => [`${each.registry} ${each.service}`, each]));
    for (const [key, removal] of held) {
      if (this.told.has(key)) continue;
      this.removals.inc({ registry: removal.registry });
      logger.warn({ removal }, 'a service lost most of its endpoints at once: they stay in force for now');
    }
    for (const key of this.told)
      if (!held.has(key)) logger.info({ service: key }, 'no endpoints are held any more');
    this.told = new Set(held.keys());
  }
}

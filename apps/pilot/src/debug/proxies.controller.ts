import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { PushEngine } from '../push/engine.js';
import { RemovalGuard } from '../ingest/removal-guard.js';
import { missingSecrets } from './missing-secrets.js';
import { PILOT_NAME } from './names.js';
import { proxiesSummary, type ProxiesSummary } from './proxies-summary.js';
import { tracedChange, type TracedChange } from './traced-change.js';
import { holdingPage, type HoldingQuestion } from './holding-page.js';
import type { ProxyHolding } from './proxy-status.js';

/** Answers, over NATS, who holds what. Every replica answers for its own proxies. */
@Controller()
export class ProxiesController {
  constructor(
    @Inject(PushEngine) private readonly engine: PushEngine,
    @Inject(PILOT_NAME) private readonly pilot: string,
    @Inject(RemovalGuard) private readonly guard: RemovalGuard,
  ) {}

  @MessagePattern('pilot.proxies.holding')
  holding(@Payload() question: HoldingQuestion | undefined): ProxyHolding[] {
    const { connections, withdrawals } = this.engine;
    const about = { pilot: this.pilot, withdrawn: withdrawals.all, removals: this.guard.held };
    return holdingPage(connections, about, question);
  }

  /** The way of a revision, by default of the newest, to each proxy that it concerned. */
  @MessagePattern('pilot.revision.trace')
  trace(@Payload() question: { revision?: unknown } | undefined): TracedChange {
    const asked = question?.revision;
    const revision = typeof asked === 'number' && Number.isFinite(asked) ? asked : this.engine.revision;
    return tracedChange(this.engine, this.pilot, revision);
  }

  @MessagePattern('pilot.proxies.summary')
  summary(): ProxiesSummary {
    const { connections, withdrawals, world } = this.engine;
    const missing = missingSecrets(connections, world);
    return proxiesSummary(connections, this.pilot, withdrawals.all, missing);
  }
}

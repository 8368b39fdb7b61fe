import { Gauge, type Registry } from 'prom-client';
import type { PushEngine } from '../push/engine.js';
import type { AdsService } from './ads-service.js';
import { gaugesOf } from './gauge.js';
import { collectWorldGauges } from './world-gauges.js';

/** What is read when somebody asks: sizes of what Pilot holds, and of its queues. */
export function collectGauges(registry: Registry, engine: PushEngine, ads: AdsService): void {
  const gauge = gaugesOf(registry);
  const { cache } = engine;
  gauge('xds_cache_size', 'Encoded resources that are kept', () => cache.stats.resources);
  gauge('xds_cache_dependent_config_size', 'Facts that resources depend on', () => cache.stats.facts);
  gauge('xds_cache_generated', 'Resources generated since the start', () => cache.stats.generated);
  gauge(
    'xds_cache_shared',
    'Resources that were generated already when they were needed',
    () => cache.stats.shared,
  );
  gauge(
    'pilot_generation_failures',
    'Resources served from their last good bytes',
    () => cache.failures.length,
  );
  cacheReads(registry, engine);
  withdrawnConfigs(registry, engine);
  collectWorldGauges(registry, engine);
  gauge('pilot_push_queue', 'Proxies waiting for their turn', () => ads.queues.pushes);
  gauge('pilot_newcomers_queue', 'Proxies waiting for their first push', () => ads.queues.newcomers);
  const seconds = (what: string) => `For how long the first of ${what} waits, in seconds`;
  gauge('pilot_push_queue_age_seconds', seconds('these'), () => ads.queueAges.pushes / 1_000);
  gauge('pilot_newcomers_queue_age_seconds', seconds('those'), () => ads.queueAges.newcomers / 1_000);
  gauge('pilot_config_revision', 'Revision that the proxies are brought to', () => engine.revision);
}

/** Under Istio's name: what was there already when it was needed, and what had to be made. */
function cacheReads(registry: Registry, { cache }: PushEngine): void {
  new Gauge({
    name: 'xds_cache_reads',
    help: 'Resources that were needed since the start, by whether they were there already',
    labelNames: ['type'],
    registers: [registry],
    collect() {
      this.set({ type: 'hit' }, cache.stats.shared);
      this.set({ type: 'miss' }, cache.stats.generated);
    },
  });
}

function withdrawnConfigs(registry: Registry, engine: PushEngine): void {
  new Gauge({
    name: 'pilot_withdrawn_configs',
    help: 'Config left out because proxies refuse what comes of it, by its key',
    labelNames: ['config'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { key } of engine.withdrawals.all) this.set({ config: key }, 1);
    },
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { packageRoot } from '#common/binaries';
import { createLogger } from '#common/logger';
import { RemovalGuard } from '../ingest/removal-guard.js';
import { PushEngine } from '../push/engine.js';
import { AdsService } from './ads-service.js';
import { collectGauges } from './gauges.js';
import { PilotMetrics } from './metrics.js';

/** The names in the tables of one section. */
function documented(section: string): string[] {
  const text = readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8');
  const part = text.split(/^## /m).find((each) => each.startsWith(section)) ?? '';
  return Array.from(part.matchAll(/^\| `(\w+)/gm), ([, name = '']) => name).sort();
}

it('are documented, all of them and no others', async () => {
  const registry = new Registry();
  const logger = createLogger('pilot', 'silent');
  const engine = new PushEngine([], { warmingTimeoutMs: 1, maxNames: 1, maxTypes: 1 });
  const metrics = new PilotMetrics(registry);
  const limits = { share: 0, minimum: 0, windowMs: 0, limitMs: 0 };
  const guard = new RemovalGuard({
    limits,
    discover: () => undefined,
    metrics: registry,
    logger,
    now: Date.now,
  });
  const ads = new AdsService({
    ...{ engine, metrics, logger, trustDomain: 'a', now: Date.now },
    ...{ maxStreams: 1, maxNewcomers: 1, maxAgeMs: 1, stallTimeoutMs: 1 },
  });
  collectGauges(registry, engine, ads);
  const exposed = (await registry.getMetricsAsJSON()).map(({ name }) => name).sort();
  ads.close();
  guard.close();
  expect(documented('Pilot')).toEqual(exposed);
  expect(documented('Services of clusters')).toHaveLength(3);
});

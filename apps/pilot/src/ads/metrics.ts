import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { TYPE } from '../model/contract.js';
import type { PushEngine } from '../push/engine.js';
import type { AdsService } from './ads-service.js';
import { collectWorldGauges } from './world-gauges.js';

/** Istio's short names of the types, as its dashboards and istioctl know them. */
const SHORT = new Map<string, string>([
  [TYPE.cluster, 'cds'],
  [TYPE.endpoint, 'eds'],
  [TYPE.listener, 'lds'],
  [TYPE.route, 'rds'],
  [TYPE.virtualHost, 'vhds'],
  [TYPE.extension, 'ecds'],
  [TYPE.secret, 'sds'],
]);

/** A client may ask for any type URL: unknown ones share one label. */
export function shortType(type: string): string {
  return SHORT.get(type) ?? 'other';
}

const REJECTS = ['cds', 'eds', 'lds', 'rds', 'vhds', 'ecds'];

/**
 * Pilot's metrics under Istio's names.
 *
 * @see https://istio.io/latest/docs/reference/commands/pilot-discovery/#metrics
 */
export class PilotMetrics {
  private readonly connected: Gauge;
  private readonly pushes: Counter;
  private readonly sizes: Histogram;
  private readonly bytes: Counter;
  private readonly convergence: Histogram;
  private readonly acked: Histogram;
  private readonly turns: Histogram;
  private readonly rejectedConfigs: Counter;
  private readonly rejects = new Map<string, Counter>();
  private readonly totalRejects: Counter;
  private readonly internalErrors: Counter;
  private readonly writeTimeouts: Counter;
  private readonly expiredNonces: Counter;
  private readonly refusedStreams: Counter;
  private readonly inboundUpdates: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string, labelNames: string[] = []) =>
      new Counter({ name, help, labelNames, registers });
    const seconds = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 3, 5, 10, 20, 30];
    const histogram = (name: string, help: string, labelNames: string[], buckets: number[]) =>
      new Histogram({ name, help, labelNames, buckets, registers });
    this.connected = new Gauge({
      name: 'pilot_xds',
      help: 'Proxies connected',
      labelNames: ['type'],
      registers,
    });
    this.pushes = counter('pilot_xds_pushes', 'Responses sent', ['type']);
    this.bytes = counter('pilot_xds_bytes', 'Bytes of the responses sent', ['type']);
    const sizes = [1, 10, 100, 1_000, 4_000].map((kilobytes) => kilobytes * 1_000);
    this.sizes = histogram('pilot_xds_config_size_bytes', 'Size of a response', ['type'], sizes);
    const convergence =
      'From a change to the ACK of the last response that it caused for a proxy, in seconds';
    this.convergence = histogram('pilot_proxy_convergence_time', convergence, [], seconds);
    this.acked = histogram(
      'pilot_xds_push_time',
      'From a response to its ACK, in seconds',
      ['type'],
      seconds,
    );
    const turns = 'From when a proxy has something to be sent to its turn, in seconds';
    this.turns = histogram('pilot_proxy_queue_time', turns, [], seconds);
    this.rejectedConfigs = counter(
      'pilot_total_rejected_configs',
      'Config that could not be used when it came',
    );
    for (const type of REJECTS) {
      this.rejects.set(type, counter(`pilot_xds_${type}_reject`, `Responses that a proxy refused (${type})`));
    }
    this.totalRejects = counter('pilot_total_xds_rejects', 'Responses that a proxy refused', ['type']);
    this.internalErrors = counter('pilot_total_xds_internal_errors', 'Errors inside Pilot while it pushed');
    this.writeTimeouts = counter(
      'pilot_xds_write_timeout',
      'Streams closed because their client does not read',
    );
    this.expiredNonces = counter('pilot_xds_expired_nonce', 'Answers to responses that nobody waits for', [
      'type',
    ]);
    this.refusedStreams = counter('pilot_xds_refused_streams', 'Streams refused', ['reason']);
    this.inboundUpdates = counter('pilot_inbound_updates', 'Changes taken in', ['type']);
  }

  streamOpened(kind: string): void {
    this.connected.inc({ type: kind });
  }

  streamClosed(kind: string): void {
    this.connected.dec({ type: kind });
  }

  streamRefused(reason: string): void {
    this.refusedStreams.inc({ reason });
  }

  sent(typeUrl: string, bytes: number): void {
    const type = shortType(typeUrl);
    this.pushes.inc({ type });
    this.bytes.inc({ type }, bytes);
    this.sizes.observe({ type }, bytes);
  }

  answered(typeUrl: string, tookMs: number): void {
    this.acked.observe({ type: shortType(typeUrl) }, tookMs / 1_000);
  }

  rejected(typeUrl: string): void {
    const type = shortType(typeUrl);
    this.totalRejects.inc({ type });
    this.rejects.get(type)?.inc();
  }

  expiredNonce(typeUrl: string): void {
    this.expiredNonces.inc({ type: shortType(typeUrl) });
  }

  converged(tookMs: number): void {
    this.convergence.observe(tookMs / 1_000);
  }

  /** A proxy has its turn. */
  turn(waitedMs: number): void {
    this.turns.observe(waitedMs / 1_000);
  }

  rejectedConfig(count: number): void {
    this.rejectedConfigs.inc(count);
  }

  writeTimeout(): void {
    this.writeTimeouts.inc();
  }

  internalError(): void {
    this.internalErrors.inc();
  }

  inbound(type: 'config' | 'reset'): void {
    this.inboundUpdates.inc({ type });
  }
}

/** What is read when somebody asks: sizes of what Pilot holds, and of its queues. */
export function collectGauges(registry: Registry, engine: PushEngine, ads: AdsService): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
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

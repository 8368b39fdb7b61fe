import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { TYPE } from '../model/contract.js';

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

import {
  grpcService,
  peerIdentity,
  rawBidi,
  serviceDefinition,
  Status,
  statusError,
  type GrpcService,
} from '#common/grpc';
import type { Logger } from '#common/logger';
import type { Consequence, PushEngine } from '../push/engine.js';
import type { ProxyConnection } from '../push/proxy-connection.js';
import { withdrawalDiagnostic } from '../push/withdrawal/diagnostic.js';
import { Admission } from './admission.js';
import type { Caller } from './authorise.js';
import { delta } from './delta.js';
import { Herd } from './herd.js';
import type { PilotMetrics } from './metrics.js';
import type { Protocol } from './protocol.js';
import { PushScheduler } from './push-scheduler.js';
import { sotw } from './sotw.js';
import { XdsStream, type StreamContext, type XdsCall } from './xds-stream.js';

export interface AdsOptions {
  readonly engine: PushEngine;
  readonly metrics: PilotMetrics;
  readonly logger: Logger;
  readonly trustDomain: string;
  /** Streams at once; more are refused with RESOURCE_EXHAUSTED and find another replica. */
  readonly maxStreams: number;
  /** Newcomers that get their first push at the same time; the others wait in line. */
  readonly maxNewcomers: number;
  /** A stream is ended after about this time, in milliseconds, so that replicas share the load. */
  readonly maxAgeMs: number;
  /** A client that does not read or answer for so long is cut off, in milliseconds. */
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  /** Called after a herd, which leaves much that nobody uses any more. */
  readonly collectGarbage?: () => void;
}

const MAX_UNWRITTEN_BYTES = 1 << 20;
const NEWCOMER_TIMEOUT_MS = 2_000;
const CHECK_INTERVAL_MS = 200;
/** When who is refused may ask again, on the average: not all at once. */
const RETRY_AFTER_MS = 5_000;
/** So many newcomers, and more, leave garbage that is worth a pause. */
const HERD = 50;
/** Ages differ by up to this part of the whole, or all proxies would come back at once. */
const AGE_JITTER = 0.2;

const definition = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
  StreamAggregatedResources: rawBidi(),
  DeltaAggregatedResources: rawBidi(),
});

/** The Aggregated Discovery Service: accepts streams, and gives each its turn when there is something to push. */
export class AdsService {
  private readonly streams = new Set<XdsStream>();
  private readonly context: StreamContext;
  private readonly timer: NodeJS.Timeout;
  private readonly herd = new Herd();

  /** Hears of proxies that ask for secrets; may be set at any time. */
  onSecretsAsked: (connection: ProxyConnection) => void = () => undefined;

  constructor(private readonly options: AdsOptions) {
    const { engine, metrics, logger, trustDomain, now, stallTimeoutMs } = options;
    this.context = {
      engine,
      metrics,
      logger,
      trustDomain,
      now,
      follow: (consequence) => this.follow(consequence),
      onSecretsAsked: (connection) => this.onSecretsAsked(connection),
      scheduler: new PushScheduler(now, (waited) => metrics.turn(waited)),
      admission: new Admission(options.maxNewcomers, NEWCOMER_TIMEOUT_MS),
      limits: { maxUnwrittenBytes: MAX_UNWRITTEN_BYTES, stallTimeoutMs },
    };
    // After a time in which the process was not given the CPU, what has arrived meanwhile is read first.
    this.timer = setInterval(() => setImmediate(() => this.check()), CHECK_INTERVAL_MS).unref();
  }

  /** The service for one server: over TLS callers have to prove who they are. */
  service(transport: Caller['transport']): GrpcService {
    const open = (protocol: Protocol) => (call: XdsCall) => this.open(call, protocol, transport);
    return grpcService(definition, {
      StreamAggregatedResources: open(sotw),
      DeltaAggregatedResources: open(delta),
    });
  }

  /** Gives those that something has consequences for their turn, and says what is withdrawn. */
  follow({ withdrawn, concerned }: Consequence): void {
    const { engine, logger } = this.options;
    for (const withdrawal of withdrawn)
      logger.warn({ diagnostic: withdrawalDiagnostic(withdrawal, engine.world) }, 'config is withdrawn');
    if (concerned.size > 0) this.push(concerned);
  }

  /** Gives those connections their turn. */
  private push(connections: Iterable<ProxyConnection>): void {
    const concerned = new Set(connections);
    const streams = [...this.streams].filter(({ connection }) => connection && concerned.has(connection));
    this.context.scheduler.schedule(streams);
  }

  /** Streams waiting for their first push, and connections waiting for their turn. */
  get queues(): { readonly newcomers: number; readonly pushes: number; readonly streams: number } {
    const { admission, scheduler } = this.context;
    return { newcomers: admission.waiting, pushes: scheduler.length, streams: this.streams.size };
  }

  /** Since when the first in line for its turn, and the first newcomer, wait, in milliseconds. */
  get queueAges(): { readonly newcomers: number; readonly pushes: number } {
    const { admission, scheduler, now } = this.context;
    const age = (since: number | undefined): number => (since === undefined ? 0 : now() - since);
    return { newcomers: age(admission.waitingSince), pushes: age(scheduler.waitingSince) };
  }

  close(): void {
    clearInterval(this.timer);
  }

  private open(call: XdsCall, protocol: Protocol, transport: Caller['transport']): void {
    if (this.streams.size >= this.options.maxStreams) {
      this.context.metrics.streamRefused('RESOURCE_EXHAUSTED');
      const retryAfterMs = RETRY_AFTER_MS * (0.5 + Math.random());
      const words = 'this Pilot serves as many proxies as it may';
      throw statusError(Status.RESOURCE_EXHAUSTED, words, { retryAfterMs });
    }
    const caller: Caller = transport === 'tls' ? { transport, id: peerIdentity(call) } : { transport };
    const age = this.options.maxAgeMs * (1 - AGE_JITTER * Math.random());
    this.herd.comes(this.options.now());
    const closed = (stream: XdsStream) => this.streams.delete(stream);
    this.streams.add(new XdsStream(call, protocol, caller, this.context, this.options.now() + age, closed));
  }

  private check(): void {
    const now = this.options.now();
    this.context.admission.expire(now);
    for (const stream of this.streams) stream.check(now);
    this.rest(now);
  }

  private rest(now: number): void {
    const { admission } = this.context;
    if (admission.busy) this.herd.comes(now, 0);
    const newcomers = this.herd.over(now);
    if (newcomers > 0) this.options.engine.rest();
    if (newcomers >= HERD) this.options.collectGarbage?.();
  }
}

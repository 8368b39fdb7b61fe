import type { ServerDuplexStream } from '@grpc/grpc-js';
import { endStream, Status, statusError } from '#common/grpc';
import type { Logger } from '#common/logger';
import type { Consequence, PushEngine } from '../push/engine.js';
import { SubscriptionLimitError, type ProxyConnection, type Receipt } from '../push/proxy-connection.js';
import type { Admission } from './admission.js';
import { authorise, type Caller } from './authorise.js';
import { shortType, type PilotMetrics } from './metrics.js';
import { readNode } from './node-message.js';
import type { Protocol } from './protocol.js';
import type { Pushable, PushScheduler } from './push-scheduler.js';
import { TYPE } from '../model/contract.js';

export type XdsCall = ServerDuplexStream<Buffer, Buffer>;

export interface StreamLimits {
  /** Bytes handed to the transport and not yet taken by it: above it nothing more is written. */
  readonly maxUnwrittenBytes: number;
  /** A client that does not read, or does not answer, for so long is cut off, in milliseconds. */
  readonly stallTimeoutMs: number;
}

/** What all streams share. */
export interface StreamContext {
  readonly engine: PushEngine;
  readonly scheduler: PushScheduler;
  readonly admission: Admission<XdsStream>;
  readonly metrics: PilotMetrics;
  readonly logger: Logger;
  readonly limits: StreamLimits;
  readonly trustDomain: string;
  /** Gives those that something has consequences for their turn. */
  readonly follow: (consequence: Consequence) => void;
  /** Hears of those that ask for secrets. */
  readonly onSecretsAsked: (connection: ProxyConnection) => void;
  readonly now: () => number;
}

/**
 * One ADS stream: moves bytes between a gRPC call and the connection that decides. What waits is bounded: one response
 * per type that the proxy has not answered, and no write while the transport is full.
 */
export class XdsStream implements Pushable {
  connection: ProxyConnection | undefined;
  private admitted = false;
  private closed = false;
  private unwritten = 0;
  private blockedSince: number | undefined;

  constructor(
    private readonly call: XdsCall,
    private readonly protocol: Protocol,
    private readonly caller: Caller,
    private readonly context: StreamContext,
    /** When the stream is asked to connect anew, perhaps to another replica. Milliseconds since the Unix epoch. */
    private readonly endsAt: number,
    private readonly onClose: (stream: XdsStream) => void,
  ) {
    call.on('data', (bytes: Buffer) => this.receive(bytes));
    call.on('end', () => call.end());
    call.on('error', () => this.close());
    call.on('close', () => this.close());
    call.on('cancelled', () => this.close());
  }

  pushOne(): boolean {
    const { connection, context } = this;
    if (this.closed || !this.admitted || !connection || this.isFull) return false;
    const now = context.now();
    try {
      const response = connection.next(now);
      context.follow(context.engine.pushed());
      for (const cluster of connection.takeOverdue()) {
        context.logger.warn(
          { proxy: connection.proxy.id, cluster },
          'cluster not ready in time: went on without it',
        );
      }
      if (!response) return this.settled(now);
      context.engine.traces.sent(connection.proxy.id, now);
      context.metrics.sent(response.type, response.bytes.length);
      this.write(response.bytes);
      return true;
    } catch (error) {
      context.metrics.internalError();
      context.logger.error({ err: error, proxy: connection.proxy.id }, 'cannot push');
      this.fail(Status.INTERNAL, 'internal error');
      return false;
    }
  }

  /** Looks after what waits for a time: called every now and then. */
  check(now: number): void {
    const { stallTimeoutMs } = this.context.limits;
    const waits = Math.min(this.blockedSince ?? now, this.connection?.waitingSince ?? now);
    if (now - waits >= stallTimeoutMs) {
      this.context.metrics.writeTimeout();
      this.context.logger.warn(
        { proxy: this.connection?.proxy.id },
        'the proxy does not read or answer: cut off',
      );
      this.fail(Status.DEADLINE_EXCEEDED, `no answer for ${stallTimeoutMs} ms`);
    } else if (now >= this.endsAt && this.connection?.idle !== false) {
      this.fail(Status.UNAVAILABLE, 'the stream has reached its age: connect again');
    } else if (this.connection?.waitsForTime) this.context.scheduler.schedule([this]);
  }

  private receive(bytes: Buffer): void {
    if (this.closed) return;
    try {
      const request = this.protocol.decode(bytes);
      const now = this.context.now();
      const connection = this.connection ?? this.open(readNode(request.node, this.protocol.kind), now);
      const receipt = connection.receive(request, now);
      if (receipt.type === TYPE.secret && receipt.outcome === 'subscribed')
        this.context.onSecretsAsked(connection);
      this.report(receipt, connection);
      // What a proxy refuses may be the fault of config that all others have, too.
      this.context.follow(this.context.engine.answered(receipt, connection));
      this.context.scheduler.schedule([this]);
    } catch (error) {
      this.refuse(error);
    }
  }

  private open(node: ProxyConnection['proxy'], now: number): ProxyConnection {
    const { engine, admission, trustDomain, metrics, logger } = this.context;
    const proxy = authorise(this.caller, node, trustDomain);
    for (const diagnostic of engine.world?.inspect(proxy) ?? [])
      logger.warn({ diagnostic }, 'doubtful proxy');
    this.connection = engine.connect(proxy, this.protocol, now);
    metrics.streamOpened(this.protocol.kind);
    admission.enter(
      this,
      () => {
        this.admitted = true;
        this.context.scheduler.schedule([this]);
      },
      now,
    );
    return this.connection;
  }

  private report(receipt: Receipt, { proxy }: ProxyConnection): void {
    const { metrics, logger } = this.context;
    const { type, outcome, tookMs, message, blamed } = receipt;
    if (outcome === 'acked') metrics.answered(type, tookMs ?? 0);
    if (outcome === 'expired') metrics.expiredNonce(type);
    if (outcome !== 'nacked') return;
    metrics.rejected(type);
    const culprits = blamed.map(({ name, sources }) => ({ name, sources }));
    logger.warn(
      { proxy: proxy.id, type: shortType(type), message, culprits },
      'the proxy refuses a response',
    );
  }

  /** Everything was sent and answered: the change has arrived. */
  private settled(now: number): false {
    const { connection, context } = this;
    if (!connection?.idle) return false;
    for (const took of context.engine.traces.settled(connection.proxy.id, now))
      context.metrics.converged(took);
    if (connection.subscriptions.get(TYPE.listener)?.answered) context.admission.leave(this, now);
    return false;
  }

  private get isFull(): boolean {
    return this.unwritten > this.context.limits.maxUnwrittenBytes;
  }

  private write(bytes: Buffer): void {
    this.unwritten += bytes.length;
    this.blockedSince ??= this.context.now();
    this.call.write(bytes, () => {
      const { isFull } = this;
      this.unwritten -= bytes.length;
      this.blockedSince = this.unwritten > 0 ? this.context.now() : undefined;
      if (isFull && !this.closed) this.context.scheduler.schedule([this]);
    });
  }

  private refuse(error: unknown): void {
    if (error instanceof SubscriptionLimitError) return this.fail(Status.RESOURCE_EXHAUSTED, error.message);
    const { code, message } = error as { code?: unknown; message?: string };
    if (typeof code === 'number') {
      this.context.metrics.streamRefused(Status[code] ?? 'UNKNOWN');
      this.context.logger.warn({ reason: message }, 'stream refused');
      return this.fail(code, message ?? '');
    }
    // What does not decode is the client's mistake, and nobody else's.
    this.fail(Status.INVALID_ARGUMENT, 'the request cannot be read');
  }

  private fail(code: Status, message: string): void {
    endStream(this.call, statusError(code, message));
    this.close();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    const { scheduler, admission, engine, metrics, follow } = this.context;
    scheduler.remove(this);
    admission.leave(this, this.context.now());
    if (this.connection) {
      follow(engine.disconnect(this.connection));
      metrics.streamClosed(this.protocol.kind);
    }
    this.onClose(this);
  }
}

import type { envoy } from '#common/proto/edge';
import { commonAttributes, durationOf, timestampOf } from './access-log.js';
import type { Attributes } from './bag.js';
import { setPresent } from './bag.js';
import type { Reporter } from './reporter.js';
import type { WorkloadDirectory } from './workload-directory.js';

type Common = envoy.data.accesslog.v3.AccessLogCommon.$Properties;
type Entry = envoy.data.accesslog.v3.TCPAccessLogEntry.$Properties;

/**
 * envoy.data.accesslog.v3.AccessLogType: TcpUpstreamConnected, TcpPeriodic and TcpConnectionStart, which is newer than
 * the API files that the code is generated from. Anything else is a connection's end.
 */
const CONNECTION_EVENTS: ReadonlyMap<number, string> = new Map([
  [1, 'open'],
  [2, 'continue'],
  [14, 'open'],
]);
/** Connections of one stream whose counters are remembered. Beyond it the oldest is forgotten, and counted anew. */
const MAX_CONNECTIONS = 100_000;

interface Counters {
  readonly received: number;
  readonly sent: number;
}

/**
 * Turns one stream's TCP log entries into attributes. Envoy's byte counters run up over a connection's life and Mixer's
 * metrics want what each entry adds, so the last ones are kept by connection until it closes.
 */
export class TcpConnections {
  private readonly last = new Map<string, Counters>();

  attributes(entry: Entry, reporter: Reporter, directory: WorkloadDirectory): Attributes {
    const common = entry.commonProperties ?? {};
    const bag = commonAttributes(common, reporter, directory);
    const event = this.eventOf(common);
    bag.set('context.protocol', 'tcp');
    bag.set('connection.event', event);
    setPresent(bag, 'connection.id', common.streamId);
    setPresent(bag, 'context.time', timestampOf(common.startTime));
    setPresent(bag, 'connection.duration', durationOf(common.duration));
    this.setBytes(bag, common.streamId ?? '', event, entry.connectionProperties ?? {});
    return bag;
  }

  /** A proxy may log both the start and the upstream's connection: a connection is opened once. */
  private eventOf({ accessLogType, streamId }: Common): string {
    const event = CONNECTION_EVENTS.get(accessLogType ?? 0) ?? 'close';
    return event === 'open' && this.last.has(streamId ?? '') ? 'continue' : event;
  }

  private setBytes(
    bag: Attributes,
    connection: string,
    event: string,
    total: envoy.data.accesslog.v3.ConnectionProperties.$Properties,
  ): void {
    const now: Counters = { received: total.receivedBytes ?? 0, sent: total.sentBytes ?? 0 };
    const before = this.last.get(connection) ?? { received: 0, sent: 0 };
    bag.set('connection.received.bytes', Math.max(0, now.received - before.received));
    bag.set('connection.sent.bytes', Math.max(0, now.sent - before.sent));
    bag.set('connection.received.bytes_total', now.received);
    bag.set('connection.sent.bytes_total', now.sent);
    this.last.delete(connection);
    if (event !== 'close' && connection !== '') this.remember(connection, now);
  }

  private remember(connection: string, counters: Counters): void {
    const oldest = this.last.size >= MAX_CONNECTIONS ? this.last.keys().next() : undefined;
    if (oldest && !oldest.done) this.last.delete(oldest.value);
    this.last.set(connection, counters);
  }
}

import type { ServerReadableStream } from '@grpc/grpc-js';
import {
  clientStream,
  grpcService,
  peerIdentity,
  serviceDefinition,
  Status,
  statusError,
} from '#common/grpc';
import type { GrpcService } from '#common/grpc';
import { envoy } from '#common/proto/edge';
import type { ProvenIdentity, Reporter } from '../attributes/reporter.js';
import { readReporter } from '../attributes/reporter.js';
import { TcpConnections } from '../attributes/tcp-access-log.js';
import type { DispatchObserver } from '../dispatch/dispatcher.js';
import { report } from '../pipeline.js';
import type { Runtime } from '../routing/runtime.js';

const { StreamAccessLogsMessage, StreamAccessLogsResponse } = envoy.service.accesslog.v3;

const AccessLogService = serviceDefinition('envoy.service.accesslog.v3.AccessLogService', {
  StreamAccessLogs: clientStream(StreamAccessLogsMessage, StreamAccessLogsResponse),
});

type Message = envoy.service.accesslog.v3.StreamAccessLogsMessage;
type Stream = ServerReadableStream<Message, envoy.service.accesslog.v3.StreamAccessLogsResponse.$Properties>;

export interface AccessLogOptions {
  /** The runtime in force; waits for the first config, while HTTP/2's flow control holds the senders. */
  readonly runtime: () => Runtime | Promise<Runtime>;
  readonly observer: DispatchObserver;
  /** Whether callers prove who they are. Without (tests, plaintext), nodes are believed. */
  readonly mutualTls: boolean;
}

/** Telemetry: every Envoy streams its access logs, one stream per logger. */
export function accessLogService(options: AccessLogOptions): GrpcService {
  return grpcService(AccessLogService, {
    StreamAccessLogs: async (call) => {
      try {
        await readStream(call, options);
      } catch (error) {
        // An Envoy that ends or is drained takes its streams with it: that is how they all end, and nobody to be told.
        if (!call.cancelled) throw error;
      }
      return {};
    },
  });
}

/** Handles a stream's messages one after the other: while one is being handled, the next is not read. */
async function readStream(call: Stream, { runtime, observer, mutualTls }: AccessLogOptions): Promise<void> {
  const proven = mutualTls ? peerIdentity(call) : undefined;
  if (mutualTls && !proven) throw statusError(Status.UNAUTHENTICATED, 'a client certificate is required');
  const connections = new TcpConnections();
  let reporter: Reporter | undefined;
  for await (const message of call as AsyncIterable<Message>) {
    // Only the stream's first message says who speaks. 60 KB of it are Envoy's extensions, which end here.
    reporter ??= reporterOf(message, proven);
    report(message, { reporter, connections }, await runtime(), observer);
  }
}

function reporterOf({ identifier }: Message, proven: ProvenIdentity | undefined): Reporter {
  if (!identifier) throw statusError(Status.INVALID_ARGUMENT, 'the first message has no identifier');
  const reporter = readReporter(identifier, proven);
  if (reporter) return reporter;
  throw statusError(Status.PERMISSION_DENIED, 'the node is not what the client certificate proves');
}

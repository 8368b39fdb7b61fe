import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Side } from '../../model/telemetry.js';
import { OF_MESH, loggingFor } from '../../model/telemetry.js';
import type { LogPick } from './access-log.js';
import { meshSinks, sinkOf } from './log-sinks.js';
import type { LogSink } from './log-sinks.js';

/** What is logged: whole requests, or connections that are not looked into. */
export type Logged = 'requests' | 'connections';

/** The places that a proxy logs to, on one side of a call. */
export function pickLogs(view: WorldView, proxy: Proxy, side: Side, logged: Logged): LogPick[] {
  const { accessLogging = [] } = view.mesh().defaultProviders;
  const resources = view.telemetries(proxy).map(({ spec }) => spec);
  const picks = loggingFor(resources, accessLogging, side).flatMap(({ provider, filter }): LogPick[] =>
    sinksOf(view, proxy, provider).map((sink) => ({ sink, ...(filter && { filter }) })),
  );
  return picks.filter(({ sink }) => takes(sink, logged));
}

/** Two of the loggers have a form for either. */
function takes({ sort }: LogSink, logged: Logged): boolean {
  return sort !== (logged === 'requests' ? 'tcp-grpc' : 'http-grpc');
}

function sinksOf(view: WorldView, proxy: Proxy, provider: string): LogSink[] {
  if (provider === OF_MESH) return meshSinks(view, proxy);
  const sink = sinkOf(view, proxy, provider);
  return sink ? [sink] : [];
}

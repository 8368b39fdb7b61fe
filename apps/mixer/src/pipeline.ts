import type { envoy } from '#common/proto/edge';
import { ADAPTERS } from './adapters/index.js';
import type { AdapterEnvironment } from './adapters/index.js';
import { checkAttributes } from './attributes/check-request.js';
import { httpLogAttributes } from './attributes/http-access-log.js';
import type { Reporter } from './attributes/reporter.js';
import type { TcpConnections } from './attributes/tcp-access-log.js';
import type { ConfigEntries } from './config/entries.js';
import { buildSnapshot } from './config/snapshot.js';
import { checkRequest } from './dispatch/request-check.js';
import type { DispatchObserver } from './dispatch/dispatcher.js';
import { ReportBatch } from './dispatch/report.js';
import { nextRuntime } from './routing/runtime.js';
import type { Runtime } from './routing/runtime.js';
import { TEMPLATES } from './templates/index.js';

/*
 * Mixer in three lines; folders are stages.
 *
 *   config   ingest -> config (snapshot) -> adapters (handlers) -> routing (table)     = a Runtime, swapped whole
 *   check    serve  -> attributes (bag)  -> dispatch (generate, check, quota)          -> serve (answer)
 *   report   serve  -> attributes (bags) -> dispatch (instances, one call per handler) -> adapters
 */

/** Config as the log has it, and which part of it has changed since the previous runtime. */
export interface Config {
  readonly policy: ConfigEntries;
  readonly workloads: ConfigEntries;
  readonly touched: { readonly policy: boolean; readonly workloads: boolean };
}

export function applyConfig(config: Config, previous: Runtime | undefined, env: AdapterEnvironment): Runtime {
  const snapshot = buildSnapshot(config, previous?.snapshot, { adapters: ADAPTERS, templates: TEMPLATES });
  return previous && !config.touched.policy
    ? { ...previous, snapshot }
    : nextRuntime(snapshot, previous, env);
}

type CheckContext = envoy.service.auth.v3.AttributeContext.$Properties;

export function decide(context: CheckContext, runtime: Runtime, observer: DispatchObserver) {
  return checkRequest(checkAttributes(context, runtime.snapshot.workloads), runtime, observer);
}

type LogMessage = envoy.service.accesslog.v3.StreamAccessLogsMessage.$Properties;

export function report(
  { httpLogs, tcpLogs }: LogMessage,
  { reporter, connections }: { readonly reporter: Reporter; readonly connections: TcpConnections },
  runtime: Runtime,
  observer: DispatchObserver,
): void {
  const { workloads } = runtime.snapshot;
  const batch = new ReportBatch(runtime, observer);
  for (const entry of httpLogs?.logEntry ?? []) batch.add(httpLogAttributes(entry, reporter, workloads));
  for (const entry of tcpLogs?.logEntry ?? []) batch.add(connections.attributes(entry, reporter, workloads));
  batch.flush();
}

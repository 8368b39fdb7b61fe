import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Side } from '../../model/telemetry.js';
import { parseOutbound } from '../common/names.js';
import { pickLogs } from '../lds/select-logs.js';
import { pickTracing } from '../lds/select-tracing.js';
import type { TracerPick } from '../lds/tracers.js';

/** The clusters that a proxy's logs and spans go to, whether its Sidecar imports them or not. */
export function telemetryClusterNames(view: WorldView, proxy: Proxy): string[] {
  const sides: Side[] = proxy.type === 'router' ? ['CLIENT'] : ['CLIENT', 'SERVER'];
  const names = sides.flatMap((side) => {
    const logs = (['requests', 'connections'] as const).flatMap((logged) =>
      pickLogs(view, proxy, side, logged),
    );
    const tracing = pickTracing(view, proxy, side);
    const ofLogs = logs.flatMap(({ sink }) => (sink.sort === 'file' ? [] : [sink.cluster]));
    return [...ofLogs, ...(tracing ? clustersOf(tracing.tracer) : [])];
  });
  return [...new Set(names)];
}

/** Those of them whose endpoints come by EDS. */
export function telemetryEdsNames(view: WorldView, proxy: Proxy): string[] {
  return telemetryClusterNames(view, proxy).filter((name) => {
    const host = parseOutbound(name)?.host;
    return host !== undefined && view.service(host, proxy)?.resolution === 'EDS';
  });
}

function clustersOf(tracer: TracerPick): string[] {
  const sampler = tracer.sort === 'opentelemetry' ? tracer.dynatrace?.http?.cluster : undefined;
  return [tracer.cluster, ...(sampler ? [sampler] : [])];
}

import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Side } from '../../model/telemetry.js';
import type { CommonHttp } from './http-pick.js';
import type { HttpSide } from './http-settings.js';
import { pickHttpSettings } from './http-settings.js';
import type { MixerAttributes } from './mixer-attributes.js';
import { pickReport } from './mixer-report.js';
import { pickLogs } from './select-logs.js';
import { pickTracing } from './select-tracing.js';

/** @param attributes what Mixer is told of the proxy with each request */
export function pickCommonHttp(
  view: WorldView,
  proxy: Proxy,
  side: HttpSide,
  attributes: MixerAttributes,
): CommonHttp {
  const tracing = pickTracing(view, proxy, sideOf(side));
  const report = pickReport(view, side === 'inbound' ? 'inbound' : 'outbound', attributes);
  return {
    side,
    logs: { logs: pickLogs(view, proxy, sideOf(side), 'requests'), ...report },
    ...(tracing && { tracing }),
    settings: pickHttpSettings(view, proxy, side),
    ...((proxy.http10 || view.environment.switches?.http10) && { http10: true }),
  };
}

/** At a gateway, a client of the mesh's services. */
export function sideOf(side: HttpSide): Side {
  return side === 'inbound' ? 'SERVER' : 'CLIENT';
}

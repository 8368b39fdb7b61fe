/** Statistics that tell whether Envoy can take traffic; the ones that Istio's agent reads. */
export const READINESS_STATS =
  '/stats?usedonly&filter=' +
  encodeURIComponent(
    '^(cluster_manager.cds|listener_manager.lds).(update_success|update_rejected)$|^(server.state|listener_manager.workers_started)$',
  );

/** All that readiness is decided by, as it was at one moment. */
export interface ReadinessFacts {
  /** Undefined where Envoy's admin interface does not answer. */
  readonly stats: ReadonlyMap<string, number> | undefined;
  /** End of the certificate's life, in milliseconds since the Unix epoch; undefined without one. */
  readonly certificateEnd: number | undefined;
  readonly draining: boolean;
  readonly now: number;
}

const SERVER_STATES = ['LIVE', 'DRAINING', 'PRE_INITIALIZING', 'INITIALIZING'];

/** Why the proxy must not get traffic; empty where it may. */
export function reasonsNotReady({ stats, certificateEnd, draining, now }: ReadinessFacts): readonly string[] {
  const reasons: string[] = [];
  if (draining) reasons.push('the agent is draining');
  if (certificateEnd === undefined) reasons.push('there is no certificate yet');
  else if (certificateEnd <= now)
    reasons.push(`the certificate ended at ${new Date(certificateEnd).toISOString()}`);
  if (stats === undefined) reasons.push('Envoy does not answer');
  else reasons.push(...envoyReasons(stats));
  return reasons;
}

function envoyReasons(stats: ReadonlyMap<string, number>): string[] {
  const reasons: string[] = [];
  // With `usedonly`, a gauge that was never set is missing; LIVE is 0 and is set.
  const state = SERVER_STATES[stats.get('server.state') ?? -1] ?? 'unknown';
  if (state !== 'LIVE') reasons.push(`Envoy's state is ${state}`);
  if (stats.get('listener_manager.workers_started') !== 1) reasons.push("Envoy's workers have not started");
  reasons.push(...updateReasons(stats, 'cluster_manager.cds', 'clusters'));
  reasons.push(...updateReasons(stats, 'listener_manager.lds', 'listeners'));
  return reasons;
}

/** An update that was refused later does not count: Envoy keeps what it accepted before. */
function updateReasons(stats: ReadonlyMap<string, number>, prefix: string, what: string): string[] {
  if ((stats.get(`${prefix}.update_success`) ?? 0) > 0) return [];
  const rejected = stats.get(`${prefix}.update_rejected`) ?? 0;
  return [rejected > 0 ? `Envoy refused the ${what} that Pilot sent` : `Pilot has sent no ${what} yet`];
}

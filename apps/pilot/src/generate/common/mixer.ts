import type { WorldView } from '../../model/contract.js';
import { splitHostPort } from './address.js';
import { outboundCluster } from './names.js';

/** The clusters of Mixer's two roles, each present where it is used. */
export interface MixerClusters {
  readonly check: string | undefined;
  readonly report: string | undefined;
}

/**
 * The :authority of calls to Mixer. Envoy would send the cluster's name, and Node's HTTP/2 resets every stream whose
 * authority holds a `|`.
 */
export const MIXER_AUTHORITY = 'istio-mixer';

/** Nothing without a Mixer; checks only where the mesh asks for them, reports unless it declines them. */
export function mixerClusters(view: WorldView): MixerClusters {
  if (!view.environment.mixer) return { check: undefined, report: undefined };
  const mesh = view.mesh();
  return {
    check: mesh.disablePolicyChecks ? undefined : clusterOf(mesh.mixerCheckServer),
    report: mesh.disableMixerHttpReports ? undefined : clusterOf(mesh.mixerReportServer),
  };
}

export function mixerClusterNames(view: WorldView): string[] {
  const { check, report } = mixerClusters(view);
  return [...new Set([check, report].filter((name) => name !== undefined))];
}

function clusterOf(server: string): string | undefined {
  const split = splitHostPort(server);
  return split && outboundCluster(split.port, '', split.host);
}

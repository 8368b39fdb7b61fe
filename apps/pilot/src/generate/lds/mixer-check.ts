import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import { MIXER_AUTHORITY, mixerClusters } from '../common/mixer.js';
import type { Any } from '../common/proto.js';
import { any } from '../common/proto.js';
import type { MixerAttributes } from './mixer-attributes.js';

type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.$Properties;

/** As long as Istio 1.4's proxies waited for Mixer: a check that comes late is better than a request that fails. */
const CHECK_TIMEOUT = { seconds: 5 };

export const EXT_AUTHZ = 'envoy.filters.http.ext_authz';

/** Checks of requests by Mixer, through Envoy's external authorization. */
export interface MixerCheck {
  readonly cluster: string;
  /** Whether requests pass when Mixer does not answer. */
  readonly failOpen: boolean;
  readonly attributes: MixerAttributes;
}

export function pickCheck(view: WorldView, attributes: MixerAttributes): { check?: MixerCheck } {
  const cluster = mixerClusters(view).check;
  return cluster ? { check: { cluster, failOpen: view.mesh().policyCheckFailOpen, attributes } } : {};
}

export function checkFilter({ cluster, failOpen }: MixerCheck): HttpFilter {
  const { ExtAuthz } = envoy.extensions.filters.http.ext_authz.v3;
  const typedConfig = any(ExtAuthz, {
    grpcService: { envoyGrpc: { clusterName: cluster, authority: MIXER_AUTHORITY }, timeout: CHECK_TIMEOUT },
    transportApiVersion: envoy.config.core.v3.ApiVersion.V3,
    failureModeAllow: failOpen,
    // A Mixer that cannot be asked is the mesh's failure, not a denial: 403 would say otherwise.
    statusOnError: { code: envoy.type.v3.StatusCode.ServiceUnavailable },
    includeTlsSession: true,
  });
  return { name: EXT_AUTHZ, typedConfig };
}

/** The constant attributes, which travel with each check. */
export function checkSettings({ attributes }: MixerCheck): Any {
  const { ExtAuthzPerRoute } = envoy.extensions.filters.http.ext_authz.v3;
  return any(ExtAuthzPerRoute, { checkSettings: { contextExtensions: { ...attributes } } });
}

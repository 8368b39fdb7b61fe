import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { MixerHeaders } from '../../model/mixer-headers.js';
import { MIXER_AUTHORITY, mixerClusters } from '../common/mixer.js';
import { any } from '../common/proto.js';
import { duration } from '../common/values.js';
import type { MixerAttributes } from './mixer-attributes.js';

type AccessLog = envoy.config.accesslog.v3.AccessLog.$Properties;
type CustomTag = envoy.type.tracing.v3.CustomTag.$Properties;

/** Reports of requests to Mixer, by Envoy's access log service. */
export interface MixerReport {
  readonly direction: 'inbound' | 'outbound';
  readonly cluster: string;
  readonly flushInterval: string;
  readonly attributes: MixerAttributes;
  readonly headers: MixerHeaders;
}

export function pickReport(
  view: WorldView,
  direction: MixerReport['direction'],
  attributes: MixerAttributes,
): { report?: MixerReport } {
  const cluster = mixerClusters(view).report;
  if (!cluster) return {};
  const flushInterval = view.mesh().reportBatchMaxTime;
  return { report: { direction, cluster, flushInterval, attributes, headers: view.mixerHeaders() } };
}

export function mixerAccessLog({
  direction,
  cluster,
  flushInterval,
  attributes,
  headers,
}: MixerReport): AccessLog {
  const { HttpGrpcAccessLogConfig } = envoy.extensions.access_loggers.grpc.v3;
  const typedConfig = any(HttpGrpcAccessLogConfig, {
    commonConfig: {
      logName: direction,
      grpcService: { envoyGrpc: { clusterName: cluster, authority: MIXER_AUTHORITY } },
      transportApiVersion: envoy.config.core.v3.ApiVersion.V3,
      bufferFlushInterval: duration(flushInterval),
      customTags: [
        ...Object.entries(attributes).map(literal),
        ...(direction === 'outbound' ? [routeHost()] : []),
      ],
    },
    additionalRequestHeadersToLog: [...headers.request],
    additionalResponseHeadersToLog: [...headers.response],
    additionalResponseTrailersToLog: [...headers.response],
  });
  return { name: 'envoy.access_loggers.http_grpc', typedConfig };
}

function literal([tag, value]: [string, string]): CustomTag {
  return { tag, literal: { value } };
}

/** Answers that Envoy gives itself have no cluster: their route says which host was asked for. */
function routeHost(): CustomTag {
  return {
    tag: 'destination.service.host',
    metadata: { kind: { route: {} }, metadataKey: { key: 'istio', path: [{ key: 'host' }] } },
  };
}

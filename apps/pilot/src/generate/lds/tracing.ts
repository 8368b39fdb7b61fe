import { envoy } from '#common/proto/envoy';
import type { TracingTag } from '#config';
import { any } from '../common/proto.js';
import { providerOf } from './tracing-provider.js';
import type { TracingPick } from './select-tracing.js';

type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;
type CustomTag = envoy.type.tracing.v3.CustomTag.$Properties;

/** What the caller or an operator asks for is always traced; of the rest as much as is stated. */
export function tracing(pick: TracingPick, side: 'inbound' | 'outbound' | 'gateway'): Manager {
  const { tracer, sampling, tags, maxPathTagLength, useRequestId, propagates } = pick;
  return {
    tracing: {
      provider: providerOf(tracer),
      clientSampling: { value: 100 },
      randomSampling: { value: sampling },
      overallSampling: { value: 100 },
      customTags: Object.entries(tags)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(customTag),
      ...(maxPathTagLength && { maxPathTagLength: { value: maxPathTagLength } }),
      // A gateway is a hop of its own: a span for the request in, one for the request out.
      ...(side === 'gateway' && { spawnUpstreamSpan: { value: true } }),
      ...(!propagates && { noContextPropagation: true }),
    },
    ...(!useRequestId && { requestIdExtension: { typedConfig: plainRequestId() } }),
  };
}

function plainRequestId() {
  const { UuidRequestIdConfig } = envoy.extensions.request_id.uuid.v3;
  return any(UuidRequestIdConfig, { useRequestIdForTraceSampling: { value: false } });
}

function customTag([tag, { literal, environment, header, formatter }]: [string, TracingTag]): CustomTag {
  if (literal) return { tag, literal: { value: literal.value } };
  if (environment) return { tag, environment: named(environment) };
  if (header) return { tag, requestHeader: named(header) };
  return { tag, value: formatter?.value ?? '' };
}

function named({ name, defaultValue }: { name: string; defaultValue?: string }) {
  return { name, ...(defaultValue && { defaultValue }) };
}

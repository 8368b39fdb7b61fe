import type { TracingTag } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { EffectiveProxyConfig } from '../../model/proxy-config.js';
import type { Proxy } from '../../model/proxy.js';
import type { Side, TracingSpec } from '../../model/telemetry.js';
import { tracingFor } from '../../model/telemetry.js';
import { splitHostPort } from '../common/address.js';
import { provider, providerTarget } from '../common/providers.js';
import { canonicalName, canonicalRevision } from '../common/workload-name.js';
import type { SpanSource, TracerPick } from './tracers.js';
import { tracerOf, zipkinTracer } from './tracers.js';

type Tags = Readonly<Record<string, TracingTag>>;

export interface TracingPick {
  readonly tracer: TracerPick;
  /** Percent of the requests that come without a decision. */
  readonly sampling: number;
  readonly tags: Tags;
  /** Characters of the path; absent: Envoy's default. */
  readonly maxPathTagLength?: number;
  /** Whether a request's id carries the decision too. */
  readonly useRequestId: boolean;
  readonly propagates: boolean;
}

/** Istio's default, in percent. */
const SAMPLING = 1;
/** Clusters of what is configured by address, as Istio's bootstrap names them. */
export const ZIPKIN = 'zipkin';
export const DATADOG = 'datadog_agent';

/** By Telemetry and the default providers, else by how the proxy is set up. */
export function pickTracing(view: WorldView, proxy: Proxy, side: Side): TracingPick | undefined {
  const { tracing = [] } = view.mesh().defaultProviders;
  const spec = tracingFor(
    view.telemetries(proxy).map((config) => config.spec),
    tracing,
    side,
  );
  if (spec === 'off') return undefined;
  return spec ? byTelemetry(view, proxy, spec) : byProxyConfig(view, proxy);
}

function byTelemetry(view: WorldView, proxy: Proxy, spec: TracingSpec): TracingPick | undefined {
  const found = provider(view, spec.provider);
  const service =
    found && (found.zipkin ?? found.datadog ?? found.skywalking ?? found.opentelemetry ?? found.lightstep);
  const target = service && providerTarget(view, proxy, service);
  if (!found || !target) return undefined;
  const config = view.proxyConfig(proxy);
  const locate = (other: typeof service) => providerTarget(view, proxy, other);
  const tracer = tracerOf(found, target, spanSource(proxy, config), locate);
  if (!tracer) return undefined;
  const stated = Object.keys(spec.tags).length > 0 ? spec.tags : (config.tracing?.customTags ?? {});
  const ownLength = (found.zipkin ?? found.datadog ?? found.opentelemetry ?? found.lightstep)?.maxTagLength;
  return {
    tracer,
    sampling: spec.sampling ?? config.tracing?.sampling ?? SAMPLING,
    tags: { ...(spec.istioTags && istioTags(view, proxy, config)), ...stated },
    ...lengthOf(ownLength || config.tracing?.maxPathTagLength),
    useRequestId: spec.useRequestId,
    propagates: spec.propagates,
  };
}

function byProxyConfig(view: WorldView, proxy: Proxy): TracingPick | undefined {
  if (!view.mesh().enableTracing) return undefined;
  const config = view.proxyConfig(proxy);
  const { zipkin, datadog, sampling, customTags, maxPathTagLength, enableIstioTags } = config.tracing ?? {};
  const tracer: TracerPick | undefined = zipkin
    ? zipkinTracer({ cluster: ZIPKIN, authority: zipkin.address }, {})
    : datadog && {
        sort: 'datadog',
        cluster: DATADOG,
        authority: datadog.address,
        service: serviceName(proxy, config),
      };
  // Without a cluster, Envoy would refuse what names it.
  if (!tracer || !splitHostPort(tracer.authority)) return undefined;
  return {
    tracer,
    sampling: sampling ?? SAMPLING,
    tags: { ...(enableIstioTags !== false && istioTags(view, proxy, config)), ...customTags },
    ...lengthOf(maxPathTagLength),
    useRequestId: true,
    propagates: true,
  };
}

function lengthOf(maxPathTagLength: number | undefined): { maxPathTagLength?: number } {
  return maxPathTagLength ? { maxPathTagLength } : {};
}

function spanSource(proxy: Proxy, config: EffectiveProxyConfig): SpanSource {
  return {
    service: serviceName(proxy, config),
    namespace: proxy.namespace,
    revision: canonicalRevision(proxy),
    instance: proxy.workloadEntry || canonicalName(proxy),
  };
}

/** As Istio's agent names a proxy's cluster, after which Zipkin's tracer calls the service. */
function serviceName(proxy: Proxy, { tracingServiceName }: EffectiveProxyConfig): string {
  const { labels, workloadEntry, namespace } = proxy;
  switch (tracingServiceName) {
    case 'CANONICAL_NAME_ONLY':
      return canonicalName(proxy);
    case 'CANONICAL_NAME_AND_NAMESPACE':
      return `${canonicalName(proxy)}.${namespace}`;
    default:
      return `${labels['app'] || workloadEntry || 'istio-proxy'}.${namespace}`;
  }
}

function istioTags(view: WorldView, proxy: Proxy, { meshId }: EffectiveProxyConfig): Tags {
  return {
    'istio.canonical_revision': { literal: { value: canonicalRevision(proxy) } },
    'istio.canonical_service': { literal: { value: canonicalName(proxy) } },
    'istio.mesh_id': { literal: { value: meshId || view.mesh().trustDomain } },
    'istio.namespace': { literal: { value: proxy.namespace } },
  };
}

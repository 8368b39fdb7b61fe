import type { ProviderRef, Telemetry, TracingTag, WorkloadMode } from '#config';

/** Which side of a call a proxy is on: `CLIENT` for what leaves a workload or comes in at a gateway. */
export type Side = 'CLIENT' | 'SERVER';

export interface LoggingSpec {
  readonly provider: string;
  /** A CEL expression that requests have to meet; absent: all are logged. */
  readonly filter?: string;
}

export interface TracingSpec {
  readonly provider: string;
  /** Percent; absent: as the proxy is configured. */
  readonly sampling?: number;
  readonly tags: Readonly<Record<string, TracingTag>>;
  readonly useRequestId: boolean;
  readonly istioTags: boolean;
  readonly propagates: boolean;
}

/** Stands for what MeshConfig itself says of logs: what counts where no provider is named. */
export const OF_MESH = '';

/**
 * Where requests are logged. A resource's providers replace those of the one before; entries that name none have those
 * of the one before, in the end MeshConfig's default providers or else {@link OF_MESH}.
 *
 * @param resources what counts for a workload, the most general first
 * @see https://istio.io/latest/docs/reference/config/telemetry/#AccessLogging
 */
export function loggingFor(
  resources: readonly Telemetry[],
  defaultProviders: readonly string[],
  side: Side,
): LoggingSpec[] {
  let providers = defaultProviders.length > 0 ? defaultProviders : [OF_MESH];
  const specs = new Map<string, LoggingSpec | undefined>(
    providers.map((provider) => [provider, { provider }]),
  );
  for (const { accessLogging = [] } of resources) {
    const mine = accessLogging.filter(({ match }) => isFor(match?.mode, side));
    const stated = mine.map((entry) => ({ ...entry, targets: names(entry.providers) ?? providers }));
    for (const { targets, filter, disabled } of stated) {
      const { expression } = filter ?? {};
      for (const provider of targets)
        specs.set(provider, disabled ? undefined : { provider, ...(expression && { filter: expression }) });
    }
    if (stated.length > 0) providers = [...new Set(stated.flatMap(({ targets }) => targets))];
  }
  return providers.flatMap((provider) => specs.get(provider) ?? []);
}

/**
 * How requests are traced; `'off'` where they are not. Undefined where nothing is said: then the proxy's own
 * configuration counts. Each setting is that of the most specific resource which states it.
 *
 * @see https://istio.io/latest/docs/reference/config/telemetry/#Tracing
 */
export function tracingFor(
  resources: readonly Telemetry[],
  defaults: readonly string[],
  side: Side,
): TracingSpec | 'off' | undefined {
  const stated = resources.flatMap(({ tracing }) => tracing ?? []);
  if (stated.length === 0 && defaults.length === 0) return undefined;
  const mine = stated.filter(({ match }) => isFor(match?.mode, side));
  const last = <T>(read: (tracing: (typeof mine)[number]) => T | undefined): T | undefined =>
    mine.map(read).findLast((value) => value !== undefined);
  const provider = last(({ providers }) => names(providers)?.[0]) ?? defaults[0];
  if (!provider || last(({ disableSpanReporting }) => disableSpanReporting)) return 'off';
  const sampling = last(({ randomSamplingPercentage }) => randomSamplingPercentage);
  return {
    provider,
    ...(sampling !== undefined && { sampling }),
    tags: last(({ customTags }) => customTags) ?? {},
    useRequestId: last(({ useRequestIdForTraceSampling }) => useRequestIdForTraceSampling) ?? true,
    istioTags: last(({ enableIstioTags }) => enableIstioTags) ?? true,
    propagates: !last(({ disableContextPropagation }) => disableContextPropagation),
  };
}

function names(providers: readonly ProviderRef[] | undefined): string[] | undefined {
  return providers?.length ? providers.map(({ name }) => name) : undefined;
}

function isFor(mode: WorkloadMode | undefined, side: Side): boolean {
  return mode === undefined || mode === 'CLIENT_AND_SERVER' || mode === side;
}

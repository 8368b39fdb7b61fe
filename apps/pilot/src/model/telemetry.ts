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

/**
 * Where requests are logged. Undefined where nothing is said: then MeshConfig's own settings count. A resource's
 * providers replace those of the one before; entries that name none have those of the one before.
 *
 * @param resources what counts for a workload, the most general first
 * @param defaults MeshConfig's default providers
 * @see https://istio.io/latest/docs/reference/config/telemetry/#AccessLogging
 */
export function loggingFor(
  resources: readonly Telemetry[],
  defaults: readonly string[],
  side: Side,
): LoggingSpec[] | undefined {
  const mine = resources.map(({ accessLogging = [] }) =>
    accessLogging.filter(({ match }) => isFor(match?.mode, side)),
  );
  if (defaults.length === 0 && mine.every((entries) => entries.length === 0)) return undefined;
  let providers = defaults;
  const specs = new Map<string, LoggingSpec | undefined>(
    defaults.map((provider) => [provider, { provider }]),
  );
  for (const entries of mine.filter(({ length }) => length > 0)) {
    const stated = entries.map((entry) => ({ ...entry, names: names(entry.providers) ?? providers }));
    for (const { names: targets, filter, disabled } of stated) {
      const { expression } = filter ?? {};
      for (const provider of targets)
        specs.set(provider, disabled ? undefined : { provider, ...(expression && { filter: expression }) });
    }
    providers = [...new Set(stated.flatMap(({ names: targets }) => targets))];
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

import type { DurationText } from '../duration.js';

/**
 * telemetry.istio.io.
 *
 * @see https://istio.io/latest/docs/reference/config/telemetry/
 */
export type WorkloadMode = 'CLIENT_AND_SERVER' | 'CLIENT' | 'SERVER';

export interface ProviderRef {
  name: string;
}

/** What a span's tag holds: one of these. */
export interface TracingTag {
  literal?: { value: string };
  environment?: { name: string; defaultValue?: string };
  header?: { name: string; defaultValue?: string };
  /** Envoy's command operators. */
  formatter?: { value: string };
}

export interface TelemetryTracing {
  match?: { mode?: WorkloadMode };
  providers?: ProviderRef[];
  randomSamplingPercentage?: number;
  disableSpanReporting?: boolean;
  disableContextPropagation?: boolean;
  customTags?: Record<string, TracingTag>;
  useRequestIdForTraceSampling?: boolean;
  enableIstioTags?: boolean;
}

export interface TelemetryMetrics {
  providers?: ProviderRef[];
  overrides?: {
    match?: { metric?: string; customMetric?: string; mode?: WorkloadMode };
    disabled?: boolean;
    tagOverrides?: Record<string, { operation?: 'UPSERT' | 'REMOVE'; value?: string }>;
  }[];
  reportingInterval?: DurationText;
}

export interface TelemetryAccessLogging {
  match?: { mode?: WorkloadMode };
  providers?: ProviderRef[];
  disabled?: boolean;
  /** A CEL expression over Envoy's attributes. */
  filter?: { expression?: string };
}

interface TargetRef {
  group?: string;
  kind: string;
  name: string;
  namespace?: string;
}

export interface Telemetry {
  selector?: { matchLabels?: Record<string, string> };
  targetRef?: TargetRef;
  targetRefs?: TargetRef[];
  tracing?: TelemetryTracing[];
  metrics?: TelemetryMetrics[];
  accessLogging?: TelemetryAccessLogging[];
}

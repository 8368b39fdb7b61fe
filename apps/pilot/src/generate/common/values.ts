import type { envoy, google } from '#common/proto/envoy';
import { parseDuration } from '#config';

export type Duration = google.protobuf.Duration.$Properties;

/** Wrapped scalars: absent where the config says nothing, so that Envoy's default counts. */
export function wrapped<T>(value: T | undefined): { value: T } | undefined {
  return value === undefined ? undefined : { value };
}

/** A duration as config writes it; undefined for what is none. */
export function duration(text: string | undefined): Duration | undefined {
  const milliseconds = parseDuration(text ?? '');
  if (milliseconds === undefined || milliseconds < 0) return undefined;
  return { seconds: Math.floor(milliseconds / 1e3), nanos: Math.round((milliseconds % 1e3) * 1e6) };
}

/** A route without a timeout; the deadline of a gRPC call is that of its caller. */
export const NO_TIMEOUT: envoy.config.route.v3.RouteAction.$Properties = {
  timeout: { seconds: 0 },
  maxStreamDuration: { grpcTimeoutHeaderMax: { seconds: 0 } },
};

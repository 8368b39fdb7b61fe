import type { google } from '#common/proto/envoy';

export type Duration = google.protobuf.Duration.$Properties;

/** Wrapped scalars: absent where the config says nothing, so that Envoy's default counts. */
export function wrapped<T>(value: T | undefined): { value: T } | undefined {
  return value === undefined ? undefined : { value };
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000_000_000],
  ['m', 60_000_000_000],
  ['s', 1_000_000_000],
  ['ms', 1_000_000],
  ['us', 1_000],
  ['ns', 1],
]);

/**
 * A duration as config writes it: proto3 JSON's `1.5s`, or Go's `100ms` and `1h30m`. Undefined for anything else.
 */
export function duration(text: string | undefined): Duration | undefined {
  if (!text || !/^(\d+(\.\d+)?(h|m|s|ms|us|ns))+$/.test(text)) return undefined;
  let nanos = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)/g)) {
    nanos += Number(amount) * (UNITS.get(unit ?? '') ?? 0);
  }
  return { seconds: Math.floor(nanos / 1e9), nanos: Math.round(nanos % 1e9) };
}

/**
 * Durations as Istio's files write them: proto3 JSON (`1.5s`) and Go's form (`100ms`, `1h30m`). Stored in the first.
 *
 * @see https://pkg.go.dev/time#ParseDuration
 */
export type DurationText = string;

const UNIT_MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** google.protobuf.Duration goes no further than about 10,000 years. */
const LONGEST_MILLISECONDS = 315_576_000_000 * 1_000;
const WHOLE = /^(-?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Milliseconds, or undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64) return undefined;
  if (text === '0') return 0;
  if (!WHOLE.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(PART)) {
    milliseconds += Number(amount) * (UNIT_MILLISECONDS.get(unit) ?? Number.NaN);
  }
  if (!(milliseconds <= LONGEST_MILLISECONDS)) return undefined;
  return text.startsWith('-') ? -milliseconds : milliseconds;
}

/** The proto3 JSON form, `0.1s`, with no more digits than needed and nanoseconds at most. */
export function formatDuration(milliseconds: number): string {
  const seconds = (milliseconds / 1_000).toFixed(9).replace(/\.?0+$/, '');
  return `${seconds === '-0' ? '0' : seconds}s`;
}

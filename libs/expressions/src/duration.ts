const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

const SHAPE = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
/** No duration that Go can hold is written longer than this, zeros aside. */
const MAX_TEXT = 64;
/** Go's int64 nanoseconds: 292 years. */
const MAX_NANOS = 2 ** 63;

/** A length of time. Whole nanoseconds; exact up to 104 days. */
export class Duration {
  constructor(readonly nanos: number) {}

  static ofMillis(millis: number): Duration {
    return new Duration(Math.round(millis * 1e6));
  }

  get seconds(): number {
    return this.nanos / 1e9;
  }

  /** Go's text form: `1h30m0s`, `1.5s`, `20ms`, `0s`. */
  toString(): string {
    return formatDuration(this.nanos);
  }
}

/**
 * Reads Go's duration syntax (`20ms`, `1h30m`, `-1.5s`, and `0` without a unit); undefined for anything else.
 *
 * @see https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > MAX_TEXT) return undefined;
  if (text === '0' || text === '+0' || text === '-0') return new Duration(0);
  if (!SHAPE.test(text)) return undefined;
  let nanos = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(PART))
    nanos += Number(amount) * (UNITS.get(unit) ?? 0);
  if (nanos >= MAX_NANOS) return undefined;
  const whole = Math.round(nanos);
  return new Duration(text.startsWith('-') && whole !== 0 ? -whole : whole);
}

function formatDuration(nanos: number): string {
  if (nanos === 0) return '0s';
  const sign = nanos < 0 ? '-' : '';
  const size = Math.abs(nanos);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const minutes = Math.floor(size / 60e9);
  const hours = Math.floor(minutes / 60);
  const seconds = decimal(size - minutes * 60e9, 1e9);
  return `${sign}${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes % 60}m` : ''}${seconds}s`;
}

/** size / unit without the rounding of a floating point division: 1500000 / 1e6 is `1.5`. */
function decimal(size: number, unit: number): string {
  const fraction = String(size % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(Math.floor(size / unit)) : `${Math.floor(size / unit)}.${fraction}`;
}

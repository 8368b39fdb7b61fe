const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** A point in time: seconds since the Unix epoch and 0 to 999,999,999 nanoseconds after them. */
export class Timestamp {
  constructor(
    readonly seconds: number,
    readonly nanos: number,
  ) {}

  static ofMillis(millis: number): Timestamp {
    const seconds = Math.floor(millis / 1000);
    return new Timestamp(seconds, Math.round((millis - seconds * 1000) * 1e6));
  }

  /** Negative, zero or positive, as for sort. */
  compare(other: Timestamp): number {
    return this.seconds - other.seconds || this.nanos - other.nanos;
  }

  /** RFC 3339 in UTC, without needless zeros. */
  toString(): string {
    const head = new Date(this.seconds * 1000).toISOString().slice(0, 19);
    const fraction = String(this.nanos).padStart(9, '0').replace(/0+$/, '');
    return fraction === '' ? `${head}Z` : `${head}.${fraction}Z`;
  }
}

/** Reads RFC 3339; undefined for anything else. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', fraction = '', zone = ''] = match;
  const millis = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  // Date.parse rolls 30 February over to March; the day of a valid date survives the round trip in its own zone.
  const rolled = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(millis) || Number.isNaN(rolled.getTime()) || !rolled.toISOString().startsWith(date))
    return undefined;
  return new Timestamp(millis / 1000, Number(fraction.padEnd(9, '0')));
}

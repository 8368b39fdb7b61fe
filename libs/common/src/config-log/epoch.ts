import { randomBytes } from 'node:crypto';

/** Before every epoch: what a state has that came from nowhere, or whose journal was damaged. */
export const NO_EPOCH = '';

/**
 * A UUIDv7 larger than `after`, even where the clock went back: epochs compare as strings.
 *
 * @param now milliseconds since 1970
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
 */
export function mintEpoch(now: number, after: string = NO_EPOCH): string {
  const time = Math.max(now, after === NO_EPOCH ? 0 : epochTime(after) + 1);
  const bytes = randomBytes(16);
  bytes.writeUIntBE(time, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The millisecond in which an epoch was minted. */
export function epochTime(epoch: string): number {
  return Number.parseInt(epoch.slice(0, 8) + epoch.slice(9, 13), 16);
}

/** A larger time would overflow the 48 bits of the next one. */
const EPOCH = /^[0-7][0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isEpoch(text: string): boolean {
  return EPOCH.test(text);
}

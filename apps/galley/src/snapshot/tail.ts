import type { FileReading } from '#config';
import type { FileHistory } from './claim.js';

/**
 * Whether the last document of a file that is being written in place looks cut off. All documents before it are
 * complete: a mark follows them. An edit that is saved in one go should not have to wait until the file was still,
 * so the last one is believed where it ends with a line break and
 *  - says what was said before, or
 *  - has the shape that it had before (other values in the same fields), or
 *  - has all that it had before and ends with the same lines as before, or
 *  - is new, and the file was not seen growing.
 * One that breaks a rule is in doubt: nothing of it is taken in, and it is no use to complain of half a document.
 * A cut-off document lacks fields that it had, or ends where it did not end before.
 */
export function isTailInDoubt(reading: FileReading, history: FileHistory): boolean {
  const last = reading.documents.at(-1);
  if (last?.outcome === 'invalid') return true;
  if (last?.outcome !== 'accepted') return false;
  const { key } = last.resource;
  const before = history.claims.get(key)?.content;
  if (before === last.content) return false;
  if (history.growing) return true;
  if (!reading.terminated && history.settled?.terminated !== false) return true;
  if (before === undefined) return false;
  const [old, now] = [JSON.parse(before) as unknown, JSON.parse(last.content) as unknown];
  if (!covers(now, old)) return true;
  return !covers(old, now) && reading.ending !== history.settled?.ending;
}

/** True where every field and list item of `small` is in `large` as well, whatever the values. */
function covers(large: unknown, small: unknown): boolean {
  if (Array.isArray(small)) {
    return (
      Array.isArray(large) &&
      large.length >= small.length &&
      small.every((item, at) => covers(large[at], item))
    );
  }
  if (typeof small !== 'object' || small === null) return true;
  if (typeof large !== 'object' || large === null || Array.isArray(large)) return false;
  return Object.entries(small).every(
    ([name, value]) => Object.hasOwn(large, name) && covers((large as Record<string, unknown>)[name], value),
  );
}

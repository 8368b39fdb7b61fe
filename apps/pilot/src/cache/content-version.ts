import { createHash } from 'node:crypto';

/** 96 bits of SHA-256: no two contents of one mesh meet, and a stream's version table stays small. */
const VERSION_LENGTH = 16;

/** The version of a resource: a hash of its bytes, so equal on every replica and after every restart. */
export function contentVersion(value: Uint8Array | string): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, VERSION_LENGTH);
}

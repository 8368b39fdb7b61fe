import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../refusal.js';

/**
 * Throws a {@link Refusal} unless the bearer is the admin credential of the state folder. Digests are compared, so that
 * the time taken tells neither how much of it matches nor how long it is.
 */
export function authorizeAdmin(bearer: string | undefined, credential: string): void {
  if (bearer === undefined) throw new Refusal('unauthenticated', 'the admin credential is missing');
  if (!timingSafeEqual(digest(bearer), digest(credential))) {
    throw new Refusal('denied', 'that is not the admin credential');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

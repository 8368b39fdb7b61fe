import { Refusal } from '../refusal.js';
import type { Authenticator, Caller, Credentials } from './caller.js';

/**
 * Asks the authenticators in order; the first that proves an identity wins, so that an expired token does not get in
 * the way of a good certificate. Throws a {@link Refusal} with what each had to say.
 */
export async function authenticate(
  credentials: Credentials,
  authenticators: readonly Authenticator[],
): Promise<Caller> {
  const reasons: string[] = [];
  for (const attempt of authenticators) {
    try {
      const caller = await attempt(credentials);
      if (caller) return caller;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.kind !== 'unauthenticated') throw error;
      reasons.push(error.message);
    }
  }
  throw new Refusal(
    'unauthenticated',
    reasons.join('; ') || 'neither a verified client certificate nor a token',
  );
}

import { formatSpiffeId, type SpiffeId } from '#common/identity';
import { Refusal } from '../refusal.js';

/**
 * Everybody may have certificates for the identity that they proved, and for no other: its URI is all that goes into
 * the certificate. Throws a {@link Refusal} for identities that this Citadel does not vouch for.
 */
export function authorizeSameIdentity(caller: SpiffeId, trustDomain: string): string {
  if (caller.trustDomain !== trustDomain) {
    throw new Refusal(
      'denied',
      `'${caller.trustDomain}' is not the trust domain of this certificate authority`,
    );
  }
  return formatSpiffeId(caller);
}

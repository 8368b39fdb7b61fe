import { formatSpiffeId, type SpiffeId } from '#common/identity';
import { Refusal } from '../refusal.js';

/**
 * The services of the control plane that others call by name, by the service account that they run as in `istio-system`:
 * the API server asks Galley's webhook by its DNS name, and knows no SPIFFE ID.
 */
const SERVICES: ReadonlyMap<string, string> = new Map([
  ['istio-galley-service-account', 'istio-galley'],
  ['istio-pilot-service-account', 'istio-pilot'],
]);
const CONTROL_PLANE = 'istio-system';

/** The DNS names that stand beside an identity in its certificate: who holds the identity is that service. */
export function serviceNames({ namespace, serviceAccount }: SpiffeId): string[] {
  const service = namespace === CONTROL_PLANE ? SERVICES.get(serviceAccount) : undefined;
  if (service === undefined) return [];
  const name = `${service}.${namespace}`;
  return [name, `${name}.svc`, `${name}.svc.cluster.local`];
}

/**
 * Everybody may have certificates for the identity that they proved, and for no other: its URI is all that goes into
 * the certificate, beside the names of {@link serviceNames}. Throws a {@link Refusal} for identities that this Citadel does not vouch for.
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

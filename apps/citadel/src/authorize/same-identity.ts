import { formatSpiffeId, type SpiffeId } from '#common/identity';
import { Refusal } from '../refusal.js';

const GALLEY = 'istio-galley-service-account';

/**
 * The services of the control plane that others call by name, by the service account that they run as in `istio-system`:
 * the API server asks Galley's webhook by its DNS name, and knows no SPIFFE ID.
 */
const SERVICES: ReadonlyMap<string, string> = new Map([
  [GALLEY, 'istio-galley'],
  ['istio-pilot-service-account', 'istio-pilot'],
]);
const CONTROL_PLANE = 'istio-system';

/**
 * The names that stand beside an identity in its certificate: who holds the identity is that service.
 *
 * @param galleyHosts names and addresses by which an API server asks a Galley that runs outside its cluster
 */
export function serviceNames(
  { namespace, serviceAccount }: SpiffeId,
  galleyHosts: readonly string[] = [],
): string[] {
  const service = namespace === CONTROL_PLANE ? SERVICES.get(serviceAccount) : undefined;
  if (service === undefined) return [];
  const name = `${service}.${namespace}`;
  const hosts = serviceAccount === GALLEY ? galleyHosts : [];
  return [name, `${name}.svc`, `${name}.svc.cluster.local`, ...hosts];
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

import type { WorldView } from '../../model/contract.js';
import type { Credential, CredentialName, Found } from '../../model/credential.js';
import { parseCredentialName } from '../../model/credential.js';
import type { Proxy } from '../../model/proxy.js';
import { CA_SUFFIX } from '../common/tls.js';

export type SecretContent =
  | { readonly certificate: NonNullable<Credential['certificate']> }
  | { readonly authority: NonNullable<Credential['authority']> };

/** What comes of asking for a secret, with the reason in words where nothing is given. */
export type PickedSecret =
  | { readonly answer: 'given'; readonly digest: string; readonly content: SecretContent }
  | { readonly answer: 'refused' | 'absent' | 'unknown'; readonly reason: string };

/**
 * Secrets are for proxies that proved an identity in the secret's namespace, and that may read Secrets there; what a
 * node says of itself counts for nothing here.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings-credential_name
 */
export function pickSecret(
  view: WorldView,
  { proven }: Pick<Proxy, 'proven'>,
  resource: string,
): PickedSecret {
  if (!proven) return { answer: 'refused', reason: 'the proxy has proved no identity' };
  const asked = parseCredentialName(resource, proven.namespace);
  if (!asked) return { answer: 'refused', reason: 'not the name of a secret that Pilot has' };
  if (asked.namespace !== proven.namespace)
    return { answer: 'refused', reason: `the proxy proved an identity of namespace ${proven.namespace}` };
  const look = (name: string): Found => view.credential(asked.namespace, name, proven.serviceAccount);
  return resource.endsWith(CA_SUFFIX) ? authority(look, asked) : certificate(look, asked);
}

type Look = (name: string) => Found;

function certificate(look: Look, asked: CredentialName): PickedSecret {
  const found = look(asked.name);
  if (!isCredential(found)) return notGiven(found, asked);
  const { digest, certificate } = found;
  return certificate ? { answer: 'given', digest, content: { certificate } } : lacks('certificate', asked);
}

/** In a Secret of its own, else a part of the one with the certificate. */
function authority(look: Look, { namespace, name }: CredentialName): PickedSecret {
  const stripped = { namespace, name: name.slice(0, -CA_SUFFIX.length) };
  const found = look(name) ?? look(stripped.name);
  if (!isCredential(found)) return notGiven(found, stripped);
  const { digest, authority } = found;
  return authority ? { answer: 'given', digest, content: { authority } } : lacks('CA certificate', stripped);
}

function isCredential(found: Found): found is Credential {
  return typeof found === 'object';
}

function notGiven(found: Exclude<Found, Credential>, { namespace, name }: CredentialName): PickedSecret {
  if (found === 'unknown')
    return {
      answer: 'unknown',
      reason: `nobody can say yet whether it may have Secret ${namespace}/${name}`,
    };
  if (found === 'refused')
    return {
      answer: 'refused',
      reason: `its service account may not list the Secrets of namespace ${namespace}`,
    };
  return { answer: 'absent', reason: `there is no usable Secret ${namespace}/${name}` };
}

function lacks(what: string, { namespace, name }: CredentialName): PickedSecret {
  return { answer: 'absent', reason: `Secret ${namespace}/${name} holds no ${what}` };
}

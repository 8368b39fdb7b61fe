import { Refusal } from '../refusal.js';
import type { Authenticator } from './caller.js';

/** Proves the identity of a verified client certificate, while it lasts: a connection may outlive it. */
export function byClientCertificate(now: () => number): Authenticator {
  return ({ certificate }) => {
    if (!certificate) return undefined;
    // Written so that a date that could not be read counts as past.
    if (!(certificate.notAfter > now()))
      throw new Refusal('unauthenticated', 'the client certificate has expired');
    return { id: certificate.id, redeem: () => Promise.resolve() };
  };
}

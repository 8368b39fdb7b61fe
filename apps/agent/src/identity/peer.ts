import type { PeerCertificate } from 'node:tls';
import { formatSpiffeId, spiffeIdOfAltNames } from '#common/identity';

/** What is wrong with a verified certificate of somebody who has to be this one, by the SPIFFE ID. */
export function provesToBe(wanted: string): (certificate: PeerCertificate) => Error | undefined {
  return ({ subjectaltname }) => {
    const id = spiffeIdOfAltNames(subjectaltname);
    const uri = id === undefined ? 'nobody with a SPIFFE ID' : formatSpiffeId(id);
    return uri === wanted ? undefined : new Error(`the server is ${uri}, not ${wanted}`);
  };
}

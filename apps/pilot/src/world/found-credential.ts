import type { Fact } from '../model/contract.js';
import { ANY_NAMESPACE, credentialId, type Found } from '../model/credential.js';
import { fact } from './facts.js';
import type { CredentialIndex } from './indexes/credential-index.js';

/** A Secret, for a service account of its namespace, with the facts that the answer depends on. */
export function foundCredential(
  index: CredentialIndex,
  record: (fact: Fact) => void,
  {
    namespace,
    name,
    account,
  }: { readonly namespace: string; readonly name: string; readonly account: string },
): Found {
  record(fact.credential(credentialId(namespace, name)));
  record(fact.credentialAccess(credentialId(namespace, account)));
  const found = index.find(namespace, name, account);
  if (found === 'unknown') for (const each of [namespace, ANY_NAMESPACE]) record(fact.credentialsKnown(each));
  return found;
}

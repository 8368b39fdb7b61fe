import { PersistentMap } from '#common/collections';
import type { Fact } from '../../model/contract.js';
import type { Credential, CredentialChange, CredentialSource, Found } from '../../model/credential.js';
import { ANY_NAMESPACE, credentialId } from '../../model/credential.js';
import { fact } from '../facts.js';

interface Held {
  readonly source: CredentialSource;
  /** Namespaces of which the source has said everything. */
  readonly known: ReadonlySet<string>;
  readonly byId: PersistentMap<Credential>;
  readonly access: ReadonlyMap<string, boolean>;
}

/** Credentials by namespace and name. Where two sources have one of a name, the earlier counts. */
export class CredentialIndex {
  private constructor(private readonly held: readonly Held[]) {}

  static of(sources: readonly CredentialSource[] = []): CredentialIndex {
    return new CredentialIndex(
      sources.map((source) => ({
        source,
        known: new Set<string>(),
        byId: PersistentMap.empty<Credential>(),
        access: new Map<string, boolean>(),
      })),
    );
  }

  apply(change: CredentialChange, touched: Set<Fact>): CredentialIndex {
    for (const namespace of change.known) touched.add(fact.credentialsKnown(namespace));
    for (const id of change.credentials.keys()) touched.add(fact.credential(id));
    for (const account of change.access?.keys() ?? []) touched.add(fact.credentialAccess(account));
    return new CredentialIndex(
      this.held.map((held) => (held.source.id === change.source ? changed(held, change) : held)),
    );
  }

  /** That a credential is not there is said only when no source may still come up with it. */
  find(namespace: string, name: string, account: string): Found {
    const id = credentialId(namespace, name);
    let found: Found;
    for (const { source, byId, access } of this.held) {
      const credential = byId.get(id);
      if (!credential) continue;
      const may = source.reviews ? access.get(credentialId(namespace, account)) : true;
      if (may) return credential;
      found ??= may === false ? 'refused' : 'unknown';
    }
    return this.held.every((held) => isKnown(held, namespace)) ? found : 'unknown';
  }
}

function changed({ source, known, byId, access }: Held, change: CredentialChange): Held {
  let next = byId;
  for (const [id, credential] of change.credentials)
    next = credential ? next.set(id, credential) : next.delete(id);
  return {
    source,
    known: new Set([...known, ...change.known]),
    byId: next,
    access: change.access ? new Map([...access, ...change.access]) : access,
  };
}

function isKnown({ source, known }: Held, namespace: string): boolean {
  const speaksOf = source.namespaces.some((each) => each === ANY_NAMESPACE || each === namespace);
  return !speaksOf || known.has(ANY_NAMESPACE) || known.has(namespace);
}

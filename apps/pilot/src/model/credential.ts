/** What a Secret holds that a proxy can use: checked, as PEM. */
export interface Credential {
  readonly certificate?: {
    /** Leaf first. */
    readonly chain: string;
    readonly privateKey: string;
    /** An OCSP response, DER. */
    readonly staple?: Uint8Array;
  };
  /** Whom to trust. */
  readonly authority?: {
    readonly roots: string;
    /** Certificates that are not to be trusted any more. */
    readonly revoked?: string;
  };
  /** Hash of all of it: equal content, equal digest. Safe to show. */
  readonly digest: string;
}

/** Where credentials come from. */
export interface CredentialSource {
  readonly id: string;
  /** The namespaces that it says something about; `*`: all of them. */
  readonly namespaces: readonly string[];
  /** Whether it says who may have them; else everybody of the namespace may. */
  readonly reviews?: boolean;
}

/** All namespaces. */
export const ANY_NAMESPACE = '*';

/** What became of credentials that one source knows; what is not named stays as it was. */
export interface CredentialChange {
  readonly kind: 'credentials';
  readonly source: string;
  /** By {@link credentialId}; undefined for one that is gone. */
  readonly credentials: ReadonlyMap<string, Credential | undefined>;
  /** Namespaces of the source of which everything is known from here on. */
  readonly known: readonly string[];
  /** Which service accounts may have the credentials of their namespace, by `namespace/account`. */
  readonly access?: ReadonlyMap<string, boolean>;
}

/**
 * A credential as far as is known: `unknown` where a source that may have it has not spoken yet, `refused` where it is
 * not for who asks.
 */
export type Found = Credential | 'unknown' | 'refused' | undefined;

/** Also of a service account. */
export function credentialId(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

export interface CredentialName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What an SDS resource is called by Istio: `kubernetes://<name>`, in the namespace of who asks, or
 * `kubernetes://<namespace>/<name>`; the Gateway API's form is `kubernetes-gateway://<namespace>/<name>`. Undefined for
 * any other name.
 */
export function parseCredentialName(resource: string, namespace: string): CredentialName | undefined {
  const found = /^(kubernetes|kubernetes-gateway):\/\/(?:([^/]+)\/)?([^/]+)$/.exec(resource);
  if (!found) return undefined;
  const [, scheme, stated, name = ''] = found;
  if (scheme === 'kubernetes-gateway' && stated === undefined) return undefined;
  return { namespace: stated ?? namespace, name };
}

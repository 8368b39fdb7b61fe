/** A certificate, its key and the roots to trust: PEM texts, swapped as one value. */
export interface TlsIdentity {
  /** Leaf first, then intermediates; without the root. */
  readonly certChain: string;
  /** PKCS#8. */
  readonly privateKey: string;
  /** One or more roots, concatenated. */
  readonly roots: string;
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Whoever holds an identity that is renewed while it is in use. */
export interface IdentitySource {
  /** The identity in force; undefined until the first one was obtained. */
  current(): TlsIdentity | undefined;
  /** Calls back with every later identity. Returns the way to stop that. */
  subscribe(listener: (identity: TlsIdentity) => void): () => void;
}

/** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`, taken apart. */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

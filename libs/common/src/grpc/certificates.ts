import type { experimental } from '@grpc/grpc-js';
import type { IdentitySource, TlsIdentity } from '../identity/types.js';

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<experimental.CertificateProvider['addIdentityCertificateListener']>[0];

/**
 * Feeds grpc-js, server and client side, with an identity that changes while it is in use. A new identity serves the
 * connections made after it; those that are open keep the one that they were made with.
 */
export class IdentityCertificateProvider implements experimental.CertificateProvider {
  readonly #stops = new Map<CaListener | IdentityListener, () => void>();

  constructor(private readonly source: IdentitySource) {}

  addCaCertificateListener(listener: CaListener): void {
    this.#add(listener, ({ roots }) => listener({ caCertificate: Buffer.from(roots) }));
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#add(listener, ({ certChain, privateKey }) =>
      listener({ certificate: Buffer.from(certChain), privateKey: Buffer.from(privateKey) }),
    );
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#remove(listener);
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#remove(listener);
  }

  #add(listener: CaListener | IdentityListener, update: (identity: TlsIdentity) => void): void {
    this.#stops.set(listener, this.source.subscribe(update));
    // Not at once: a grpc-js server adds its own watcher only after it has added this listener.
    queueMicrotask(() => {
      const identity = this.source.current();
      if (identity && this.#stops.has(listener)) update(identity);
    });
  }

  #remove(listener: CaListener | IdentityListener): void {
    this.#stops.get(listener)?.();
    this.#stops.delete(listener);
  }
}

/** Roots alone, that never change: what a client knows that has no identity yet. */
export class FixedRootsProvider implements experimental.CertificateProvider {
  constructor(private readonly roots: string) {}

  addCaCertificateListener(listener: CaListener): void {
    listener({ caCertificate: Buffer.from(this.roots) });
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    listener(null);
  }

  removeCaCertificateListener(): void {}

  removeIdentityCertificateListener(): void {}
}

import { randomBytes } from 'node:crypto';
import { generateKey, renewalTime, type IdentitySource, type TlsIdentity } from '#common/identity';
import { signLeaf } from '../sign/certificate.js';
import { leafValidity } from '../sign/lifetime.js';
import type { Authority } from './authority.js';

const LONGEST_SLEEP_MS = 60_000;

export interface ServerIdentityOptions {
  readonly authority: Pick<Authority, 'issuer' | 'roots' | 'subscribe'>;
  /** Subject alternative names: the SPIFFE ID, and the host names that Istio's agents look for. */
  readonly names: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
  readonly now: () => number;
}

/**
 * Citadel's own certificate: issued by itself and replaced at half life, for the connections that come then. Under a
 * new authority it stays until then, too: so who has not heard of the new root can still come and be told.
 */
export class ServerIdentity implements IdentitySource {
  readonly #listeners = new Set<(identity: TlsIdentity) => void>();
  #identity: TlsIdentity;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(private readonly options: ServerIdentityOptions) {
    this.#identity = this.#issue();
  }

  current(): TlsIdentity {
    return this.#identity;
  }

  subscribe(listener: (identity: TlsIdentity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#unsubscribe = this.options.authority.subscribe(() => this.#trust());
    this.#sleepUntilRenewal();
  }

  stop(): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #sleepUntilRenewal(): void {
    const { now } = this.options;
    this.#sleepUntil(renewalTime({ obtainedAt: now(), notAfter: this.#identity.notAfter }, Math.random()));
  }

  #rotate(): void {
    this.#hold(this.#issue());
    this.#sleepUntilRenewal();
  }

  /** Clients may come with certificates of any authority that is trusted now. */
  #trust(): void {
    const { roots } = this.options.authority;
    if (roots !== this.#identity.roots) this.#hold({ ...this.#identity, roots });
  }

  #hold(identity: TlsIdentity): void {
    this.#identity = identity;
    for (const listener of this.#listeners) listener(identity);
  }

  #issue(): TlsIdentity {
    const { authority, names, ttl, now } = this.options;
    const { issuer, roots } = authority;
    const keys = generateKey();
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
    const validity = leafValidity(0, { defaultTtl: ttl, maxTtl: ttl }, issuer.notAfter, now());
    return {
      certChain: [
        signLeaf(issuer, { publicKey, names, validity, serial: randomBytes(16) }),
        ...issuer.chain,
      ].join(''),
      privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      roots,
      ...validity,
    };
  }

  /** In steps, so that a machine that slept through the moment notices soon after it wakes. */
  #sleepUntil(time: number): void {
    const left = time - this.options.now();
    const next = () => (left > LONGEST_SLEEP_MS ? this.#sleepUntil(time) : this.#rotate());
    this.#timer = setTimeout(next, Math.max(0, Math.min(left, LONGEST_SLEEP_MS))).unref();
  }
}

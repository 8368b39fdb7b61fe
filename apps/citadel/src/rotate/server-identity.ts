import { randomBytes } from 'node:crypto';
import { generateKey, renewalTime, type IdentitySource, type TlsIdentity } from '#common/identity';
import { signLeaf } from '../sign/certificate.js';
import type { Issuer } from '../sign/issuer.js';
import { leafValidity } from '../sign/lifetime.js';

const LONGEST_SLEEP_MS = 60_000;

export interface ServerIdentityOptions {
  readonly issuer: Issuer;
  /** Subject alternative names: the SPIFFE ID, and the host names that Istio's agents look for. */
  readonly names: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
  readonly now: () => number;
}

/** Citadel's own certificate: issued by itself and replaced at half life, for the connections that come then. */
export class ServerIdentity implements IdentitySource {
  readonly #listeners = new Set<(identity: TlsIdentity) => void>();
  #identity: TlsIdentity;
  #timer: NodeJS.Timeout | undefined;

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
    const { now } = this.options;
    this.#sleepUntil(renewalTime({ obtainedAt: now(), notAfter: this.#identity.notAfter }, Math.random()));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #rotate(): void {
    this.#identity = this.#issue();
    for (const listener of this.#listeners) listener(this.#identity);
    this.start();
  }

  #issue(): TlsIdentity {
    const { issuer, names, ttl, now } = this.options;
    const keys = generateKey();
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
    const validity = leafValidity(0, { defaultTtl: ttl, maxTtl: ttl }, issuer.notAfter, now());
    return {
      certChain: [
        signLeaf(issuer, { publicKey, names, validity, serial: randomBytes(16) }),
        ...issuer.chain,
      ].join(''),
      privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      roots: issuer.roots,
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

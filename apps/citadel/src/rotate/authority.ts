import { checkValidity, type Issuer } from '../sign/issuer.js';
import {
  formatTerms,
  mergeTrust,
  trustBundle,
  trustRoots,
  type TrustedRoots,
} from '../sign/trusted-roots.js';
import { readRoot, type RootFiles } from './root-files.js';

export interface AuthorityOptions {
  readonly files: RootFiles;
  /** From an earlier time. */
  readonly trusted: TrustedRoots;
  /** The longest that a certificate may last, in milliseconds: as long a root stays trusted that signs no more. */
  readonly lifetime: number;
  readonly now: () => number;
}

/** What signs, and whom to trust, at one moment. */
interface Held {
  readonly files: RootFiles;
  readonly issuer: Issuer;
  readonly trusted: TrustedRoots;
  /** All of it as text: what tells a change. */
  readonly print: string;
}

/** Certificates are asked for thousands of times a second: the bundle is put together when it changes, not for each. */
interface Bundle {
  readonly of: Held;
  readonly roots: string;
  /** When a root's trust ends next. */
  readonly until: number;
}

/**
 * The certificate authority in force, which another one may replace at any time. The roots of those before it stay
 * trusted until the last certificate below them has ended.
 */
export class Authority {
  readonly #listeners = new Set<() => void>();
  #held: Held;
  #bundle: Bundle | undefined;

  /** Throws an Error when the files cannot sign. */
  constructor(private readonly options: AuthorityOptions) {
    const { files, trusted } = options;
    this.#held = this.#hold(files, readRoot(files), trusted);
  }

  get files(): RootFiles {
    return this.#held.files;
  }

  get issuer(): Issuer {
    return this.#held.issuer;
  }

  /** Whom to trust, PEM: the roots of this authority first. */
  get roots(): string {
    const now = this.options.now();
    if (this.#bundle?.of !== this.#held || now >= this.#bundle.until) this.#bundle = this.#bundleAt(now);
    return this.#bundle.roots;
  }

  /** The roots of this authority are among them. */
  get trusted(): TrustedRoots {
    return this.#held.trusted;
  }

  /**
   * Signs by this authority from now on; false if it does so already. Throws an Error that says what is wrong with
   * it, and stays with the one in force.
   */
  replace(files: RootFiles): boolean {
    const issuer = readRoot(files);
    checkValidity(issuer, this.options.now());
    if (isSame(files, this.files)) return false;
    this.refresh();
    this.#swap(this.#hold(files, issuer, this.trusted));
    return true;
  }

  /** Trusts what another Citadel trusts: it may have known authorities that this one has not seen. */
  learn(trusted: TrustedRoots): void {
    this.#swap(this.#hold(this.files, this.issuer, mergeTrust(this.trusted, trusted, this.options.now())));
  }

  /** To be called again and again: what signs is trusted from now on, and what has ended is forgotten. */
  refresh(): void {
    this.#swap(this.#hold(this.files, this.issuer, this.trusted));
  }

  /** Calls back after every change. Returns the way to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #hold(files: RootFiles, issuer: Issuer, before: TrustedRoots): Held {
    const { now, lifetime } = this.options;
    const trusted = trustRoots(before, issuer.roots, { now: now(), lifetime });
    return { files, issuer, trusted, print: JSON.stringify(files) + formatTerms(trusted) };
  }

  #bundleAt(now: number): Bundle {
    const { issuer, trusted } = this.#held;
    const ends = [...trusted.values()].filter((until) => until > now);
    return { of: this.#held, roots: trustBundle(issuer.roots, trusted, now), until: Math.min(...ends) };
  }

  #swap(held: Held): void {
    const { print } = this.#held;
    this.#held = held;
    if (held.print !== print) for (const listener of this.#listeners) listener();
  }
}

function isSame(one: RootFiles, other: RootFiles): boolean {
  return (Object.keys(one) as (keyof RootFiles)[]).every((name) => one[name] === other[name]);
}

import { readFile } from 'node:fs/promises';
import { checkIdentity, identityFromChain } from './certificate.js';
import { createCsr, generateKey } from './csr.js';
import { IdentityStore, type StoredIdentity } from './identity-store.js';
import { mergeCertificates } from './pem.js';
import { renewalTime, retryDelay } from './schedule.js';
import type { IdentitySource, TlsIdentity } from './types.js';

/** One request to a certificate authority. Exactly one of `token` and `identity` proves who asks. */
export interface CertificateRequest {
  /** PKCS#10 in PEM. */
  readonly csr: string;
  /** Wished-for lifetime; 0 for the authority's default. */
  readonly ttlSeconds: number;
  /** PEM roots to know the authority by. */
  readonly roots: string;
  readonly token?: string;
  readonly identity?: TlsIdentity;
}

/** Whoever signs: Citadel, over whichever transport the process has. */
export interface CertificateAuthority {
  /** PEM certificates, leaf first, roots last. Rejects with the authority's reason. */
  createCertificate(request: CertificateRequest): Promise<readonly string[]>;
}

export interface WorkloadIdentityOptions {
  readonly authority: CertificateAuthority;
  /** The SPIFFE ID to obtain; a certificate of another is refused. */
  readonly spiffeId: string;
  /**
   * PEM roots that the authority is known by. Read again before each request and once a minute: it may appear, or
   * change, later. Roots that come are trusted from then on; one that goes is trusted up to the next certificate.
   */
  readonly rootFile: string;
  /** Proves the identity when there is no certificate yet, or none that is accepted. Read before each use. */
  readonly tokenFile?: string;
  /** Keep the identity here (0600), so that a restart needs no authority. */
  readonly stateDir?: string;
  /** Default 0: the authority's default. */
  readonly ttlSeconds?: number;
  readonly log?: IdentityLog;
  /** How often the root file is read, in milliseconds; default 60,000. */
  readonly lookMs?: number;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Where events are told; no secret is ever among the fields. */
export interface IdentityLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Timers are cut to this, so that a laptop that slept through a renewal notices soon after it wakes. */
const LOOK_MS = 60_000;

/**
 * The identity of this process: a private key that never leaves it, and a certificate that is renewed at half life,
 * first with a token, then with the certificate itself.
 */
export class WorkloadIdentity implements IdentitySource {
  readonly #listeners = new Set<(identity: TlsIdentity) => void>();
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #store: IdentityStore | undefined;
  #held: StoredIdentity | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #markReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => (this.#markReady = resolve));

  constructor(private readonly options: WorkloadIdentityOptions) {
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#store = options.stateDir === undefined ? undefined : new IdentityStore(options.stateDir);
  }

  current(): TlsIdentity | undefined {
    return this.#held?.identity;
  }

  subscribe(listener: (identity: TlsIdentity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes up the saved identity or obtains one, and keeps it fresh until `stop`. Resolves with the first identity;
   * does not reject: it goes on trying.
   */
  async start(): Promise<void> {
    const saved = await this.#loadSaved();
    if (saved) {
      this.#hold(saved);
      this.#sleepUntil(renewalTime(lifetime(saved), this.#random()));
    } else {
      void this.#renew();
    }
    await this.#ready;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<void> {
    try {
      const obtained = await this.#obtain();
      if (this.#stopped) return;
      this.#failures = 0;
      this.#hold(obtained);
      await this.#save(obtained);
      this.options.log?.info(
        { spiffeId: this.options.spiffeId, notAfter: new Date(obtained.identity.notAfter).toISOString() },
        'obtained a certificate',
      );
      this.#sleepUntil(renewalTime(lifetime(obtained), this.#random()));
    } catch (error) {
      this.#failures += 1;
      const retryInMs = Math.round(retryDelay(this.#failures, this.#random()));
      this.options.log?.warn({ reason: reasonOf(error), retryInMs }, 'could not obtain a certificate');
      this.#sleepUntil(this.#now() + retryInMs);
    }
  }

  /** With the certificate while it lasts, else, or if that is refused, with the token. */
  async #obtain(): Promise<StoredIdentity> {
    const held = this.#held?.identity;
    if (!held || held.notAfter <= this.#now()) return this.#request({ token: await this.#readToken() });
    try {
      return await this.#request({ identity: held });
    } catch (error) {
      const token = await this.#readToken().catch(() => undefined);
      if (token === undefined) throw error;
      // A join token that was used up would hide why the certificate was refused.
      return this.#request({ token }).catch((second: unknown) => {
        throw new Error(`${reasonOf(error)}; with the token: ${reasonOf(second)}`, { cause: second });
      });
    }
  }

  async #request(proof: Pick<CertificateRequest, 'token' | 'identity'>): Promise<StoredIdentity> {
    const { authority, spiffeId, ttlSeconds = 0 } = this.options;
    const keys = generateKey();
    const fileRoots = await readFile(this.options.rootFile, 'utf8');
    const roots = mergeCertificates(fileRoots, proof.identity?.roots ?? '');
    const csr = createCsr(keys, [spiffeId]);
    const chain = await authority.createCertificate({ csr, ttlSeconds, roots, ...proof });
    const obtainedAt = this.#now();
    const checks = { spiffeId, now: obtainedAt };
    return { identity: identityFromChain(chain, keys.privateKey, fileRoots, checks), obtainedAt };
  }

  async #readToken(): Promise<string> {
    const { tokenFile } = this.options;
    if (tokenFile === undefined) throw new Error('there is no token');
    const token = (await readFile(tokenFile, 'utf8')).trim();
    if (token === '') throw new Error('the token file is empty');
    return token;
  }

  /** The saved identity, if it can still be used: not that of an authority that has been set up anew since. */
  async #loadSaved(): Promise<StoredIdentity | undefined> {
    const saved = await this.#store?.load();
    if (!saved) return undefined;
    const trustedRoots = await readFile(this.options.rootFile, 'utf8').catch(() => undefined);
    try {
      const { spiffeId } = this.options;
      checkIdentity(saved.identity, { spiffeId, now: this.#now(), ...(trustedRoots && { trustedRoots }) });
      return saved;
    } catch (error) {
      this.options.log?.info({ reason: reasonOf(error) }, 'the saved certificate is of no use');
      return undefined;
    }
  }

  async #save(obtained: StoredIdentity): Promise<void> {
    try {
      await this.#store?.save(obtained);
    } catch (error) {
      this.options.log?.warn(
        { reason: reasonOf(error) },
        'could not save the certificate: a restart needs Citadel',
      );
    }
  }

  #hold(held: StoredIdentity): void {
    this.#held = held;
    for (const listener of this.#listeners) listener(held.identity);
    this.#markReady();
  }

  #sleepUntil(time: number): void {
    if (this.#stopped) return;
    const { lookMs = LOOK_MS } = this.options;
    const left = time - this.#now();
    const next = () => void (left > lookMs ? this.#look(time) : this.#renew());
    this.#timer = setTimeout(next, Math.max(0, Math.min(left, lookMs))).unref();
  }

  /** Peers may have a certificate of a new root long before this one is renewed. */
  async #look(renewAt: number): Promise<void> {
    const held = this.#held;
    // A file that is away changes nothing: the next request says so.
    const fileRoots = await readFile(this.options.rootFile, 'utf8').catch(() => '');
    if (held && !this.#stopped) {
      const roots = mergeCertificates(held.identity.roots, fileRoots);
      if (roots !== mergeCertificates(held.identity.roots)) await this.#trust(held, roots);
    }
    this.#sleepUntil(renewAt);
  }

  async #trust({ identity, obtainedAt }: StoredIdentity, roots: string): Promise<void> {
    const held = { identity: { ...identity, roots }, obtainedAt };
    this.#hold(held);
    await this.#save(held);
    this.options.log?.info(
      { spiffeId: this.options.spiffeId },
      'trusts more roots: the root file has changed',
    );
  }
}

function lifetime({ identity, obtainedAt }: StoredIdentity) {
  return { obtainedAt, notAfter: identity.notAfter };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

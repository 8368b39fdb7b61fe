import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IdentityLog } from './workload-identity.js';
import type { IdentitySource, TlsIdentity } from './types.js';

export interface IdentityFiles {
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** PEM roots that others know the certificate by. */
  readonly roots: string;
}

/** Mounted secrets are replaced by a link, which no event of the old file tells. */
const LOOK_MS = 1_000;

/** An identity that somebody else puts into files, and replaces there before it ends. */
export class FileIdentity implements IdentitySource {
  private readonly listeners = new Set<(identity: TlsIdentity) => void>();
  private held: TlsIdentity | undefined;
  private timer: NodeJS.Timeout | undefined;
  private problem = '';

  constructor(
    private readonly files: IdentityFiles,
    private readonly log?: IdentityLog,
  ) {}

  current(): TlsIdentity | undefined {
    return this.held;
  }

  subscribe(listener: (identity: TlsIdentity) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves after the first look: the files may come later. */
  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** What does not fit together, as in the midst of a replacement, replaces nothing. */
  private async look(): Promise<void> {
    try {
      const { certificate, key, roots } = this.files;
      const texts = await Promise.all([certificate, key, roots].map((file) => readFile(file, 'utf8')));
      const [certChain = '', privateKey = '', rootTexts = ''] = texts;
      if (
        this.held?.certChain === certChain &&
        this.held.privateKey === privateKey &&
        this.held.roots === rootTexts
      )
        return;
      this.held = identityOf(certChain, privateKey, rootTexts);
      this.problem = '';
      for (const listener of this.listeners) listener(this.held);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.problem) this.log?.warn({ reason: message }, 'a certificate cannot be read');
      this.problem = message;
    }
  }
}

function identityOf(certChain: string, privateKey: string, roots: string): TlsIdentity {
  const leaf = new X509Certificate(certChain);
  if (!leaf.checkPrivateKey(createPrivateKey(privateKey)))
    throw new Error('the certificate is of another key');
  return {
    certChain,
    privateKey,
    roots,
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
  };
}

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../files/index.js';
import type { TlsIdentity } from './types.js';

/** An identity and when it was obtained (milliseconds since the Unix epoch). */
export interface StoredIdentity {
  readonly identity: TlsIdentity;
  readonly obtainedAt: number;
}

/** Keeps one identity in a folder: one file, 0600, replaced as a whole, so that key and certificate always match. */
export class IdentityStore {
  constructor(private readonly dir: string) {}

  /** What was saved last; undefined without a file, or with one that cannot be read. */
  async load(): Promise<StoredIdentity | undefined> {
    try {
      const stored: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      return isStored(stored) ? stored : undefined;
    } catch {
      return undefined;
    }
  }

  /** Rejects with the system's error. */
  async save(stored: StoredIdentity): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await replaceFile(this.#file, JSON.stringify(stored), 0o600);
  }

  get #file(): string {
    return join(this.dir, 'identity.json');
  }
}

function isStored(value: unknown): value is StoredIdentity {
  const { identity, obtainedAt } = (value ?? {}) as Partial<StoredIdentity>;
  const texts = [identity?.certChain, identity?.privateKey, identity?.roots];
  const times = [identity?.notBefore, identity?.notAfter, obtainedAt];
  return texts.every((text) => typeof text === 'string') && times.every(Number.isFinite);
}

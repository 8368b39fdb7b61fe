import { readFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { writePrivate } from '../rotate/state-files.js';

/** One use of a token. */
interface Use {
  readonly jti: string;
  /** When the token ends, and with it the need to remember: seconds since the Unix epoch. */
  readonly exp: number;
}

/**
 * How often each join token was used, on disk before a certificate is signed for it: what may be used once is used
 * once, through any crash. Its size is bounded by the tokens that the administrator made and that have not expired.
 */
export class TokenLedger {
  readonly #uses = new Map<string, { count: number; exp: number }>();
  #file: FileHandle | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(private readonly path: string) {}

  /** Reads the ledger, or starts one. Rejects with the system's error. `now` is in milliseconds. */
  static async open(path: string, now: number): Promise<TokenLedger> {
    const ledger = new TokenLedger(path);
    const live = readUses(path).filter(({ exp }) => exp * 1000 > now);
    for (const use of live) ledger.#count(use);
    // Written anew, without what has expired and without a line that a crash cut short.
    await writePrivate(path, live.map((use) => `${JSON.stringify(use)}\n`).join(''));
    ledger.#file = await open(path, 'a', 0o600);
    return ledger;
  }

  /** How often the token was used. */
  uses(jti: string): number {
    return this.#uses.get(jti)?.count ?? 0;
  }

  /** Counts one use; false when all were used up. Resolves when it is on disk. */
  async take(use: Use, allowed: number): Promise<boolean> {
    // Counted before anything is awaited: of two calls at once with the last use, one gets it.
    if (this.uses(use.jti) >= allowed) return false;
    this.#count(use);
    const written = this.#writing.then(() => this.#append(use));
    this.#writing = written.catch(() => undefined);
    await written;
    return true;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(use: Use): Promise<void> {
    if (!this.#file) throw new Error(`${this.path} is closed`);
    await this.#file.appendFile(`${JSON.stringify(use)}\n`);
    await this.#file.datasync();
  }

  #count({ jti, exp }: Use): void {
    this.#uses.set(jti, { count: this.uses(jti) + 1, exp });
  }
}

function readUses(path: string): Use[] {
  return readLines(path).flatMap((line) => {
    try {
      const { jti, exp } = JSON.parse(line) as Partial<Use>;
      return typeof jti === 'string' && typeof exp === 'number' ? [{ jti, exp }] : [];
    } catch {
      return [];
    }
  });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

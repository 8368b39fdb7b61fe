import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '#common/logger';
import { CODES } from '#config';
import { ANY_NAMESPACE, credentialId, type CredentialChange } from '../../model/credential.js';
import type { SecretData } from '../../registries/secrets/read-credential.js';
import { SECRET_KEYS } from '../../registries/secrets/read-credential.js';
import { SecretLedger, type SecretEdit, type SecretReport } from '../../registries/secrets/secret-ledger.js';

export const FOLDER_SOURCE = 'folder';

export interface FolderSecretsOptions {
  readonly root: string;
  readonly learn: (change: CredentialChange) => void;
  readonly log: Logger;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 500;
const MAX_FILE_BYTES = 1 << 20;

/** One Secret's folder: its files, and by what a change of any of them is seen. */
interface Found {
  readonly namespace: string;
  readonly name: string;
  readonly files: readonly string[];
  readonly print: string;
}

/**
 * Secrets from a folder, `NAMESPACE/NAME/tls.crt` and so on: a file for each entry, as kubelet mounts them. It looks
 * every half second, through links, and takes a Secret that has not changed since the look before: the certificate and
 * its key are two files.
 */
export class FolderSecrets {
  private readonly ledger = new SecretLedger();
  /** By id: what was taken, and what was seen last. */
  private readonly taken = new Map<string, Found>();
  private seen = new Map<string, Found>();
  private known = false;
  private problem = '';
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: FolderSecretsOptions) {}

  async start(): Promise<void> {
    await this.look();
    this.next();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  reports(): SecretReport[] {
    return this.ledger.reports();
  }

  private next(): void {
    if (this.closed) return;
    const look = (): void => void this.look().finally(() => this.next());
    this.timer = setTimeout(look, this.options.intervalMs ?? INTERVAL_MS).unref();
  }

  private async look(): Promise<void> {
    try {
      const problems: string[] = [];
      const found = await this.scan(problems);
      const edits = [...this.gone(found), ...(await this.changed(found, problems))];
      this.seen = found;
      if (!this.closed) this.take(edits);
      this.say(problems.join('; '));
    } catch (error) {
      // What was read stays in use.
      this.say((error as Error).message);
    }
  }

  private take(edits: readonly SecretEdit[]): void {
    const { learn, log } = this.options;
    const { credentials, diagnostics } = this.ledger.take(edits, Date.now());
    for (const diagnostic of diagnostics) log.warn({ diagnostic }, 'a secret with a mistake');
    if (this.known && credentials.size === 0) return;
    this.known = true;
    learn({ kind: 'credentials', source: FOLDER_SOURCE, credentials, known: [ANY_NAMESPACE] });
  }

  private gone(found: ReadonlyMap<string, Found>): SecretEdit[] {
    return [...this.taken].flatMap(([id, { namespace, name }]) => {
      if (found.has(id)) return [];
      this.taken.delete(id);
      return [{ namespace, name, data: undefined, origin: this.origin(namespace, name) }];
    });
  }

  private async changed(found: ReadonlyMap<string, Found>, problems: string[]): Promise<SecretEdit[]> {
    const edits: SecretEdit[] = [];
    for (const [id, secret] of found) {
      const isNew = this.taken.get(id)?.print !== secret.print;
      const isStill = !this.known || this.seen.get(id)?.print === secret.print;
      if (!isNew || !isStill) continue;
      const { namespace, name } = secret;
      const data = await this.read(secret).catch((error: Error) => void problems.push(error.message));
      if (!data) continue;
      edits.push({ namespace, name, data, origin: this.origin(namespace, name) });
      this.taken.set(id, secret);
    }
    return edits;
  }

  private async read({ namespace, name, files }: Found): Promise<SecretData> {
    const folder = join(this.options.root, namespace, name);
    const entries = files.map(async (file) => [file, await readFile(join(folder, file))] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  /** One that cannot be looked at now is as it was. */
  private async scan(problems: string[]): Promise<Map<string, Found>> {
    const { root } = this.options;
    const found = new Map<string, Found>();
    for (const namespace of await foldersIn(root))
      for (const name of await foldersIn(join(root, namespace))) {
        const id = credentialId(namespace, name);
        const secret = await this.inspect(namespace, name).catch((error: Error) => {
          problems.push(error.message);
          return this.taken.get(id);
        });
        if (secret && secret.files.length > 0) found.set(id, secret);
      }
    return found;
  }

  private async inspect(namespace: string, name: string): Promise<Found> {
    const folder = join(this.options.root, namespace, name);
    const prints: [string, string][] = [];
    for (const file of (await readdir(folder)).filter((each) => SECRET_KEYS.has(each)).sort()) {
      const { ino, size, mtimeMs } = await stat(join(folder, file));
      if (size > MAX_FILE_BYTES)
        throw new Error(`${join(folder, file)} has ${size} bytes, more than ${MAX_FILE_BYTES}`);
      prints.push([file, `${ino} ${size} ${mtimeMs}`]);
    }
    return { namespace, name, files: prints.map(([file]) => file), print: JSON.stringify(prints) };
  }

  private origin(namespace: string, name: string): { file: string; line: number } {
    return { file: join(this.options.root, namespace, name), line: 0 };
  }

  private say(problem: string): void {
    if (problem === this.problem) return;
    this.problem = problem;
    const { root, log } = this.options;
    const message = `secrets cannot be read, what was read stays in use: ${problem}`;
    const diagnostic = { ...CODES.unreadable, message, path: '', origin: { file: root, line: 0 } };
    if (problem) log.warn({ diagnostic }, 'secrets cannot be read');
    else log.info({ folder: root }, 'secrets are read');
  }
}

/** Kubelet's own folders start with a dot. */
async function foldersIn(path: string): Promise<string[]> {
  const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
  const folders = await Promise.all(names.map(async (name) => (await stat(join(path, name))).isDirectory()));
  return names.filter((_, i) => folders[i]);
}

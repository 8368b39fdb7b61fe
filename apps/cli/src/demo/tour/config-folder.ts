import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The demo's config folder as a user edits it. */
export class ConfigFolder {
  constructor(readonly path: string) {}

  file(name: string): string {
    return join(this.path, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** As most editors save: a new file takes the old one's place. */
  replace(name: string, text: string): void {
    const draft = join(this.path, '..', `${name}.draft`);
    writeFileSync(draft, text);
    renameSync(draft, this.file(name));
  }

  /** As `cat >` and some editors save: truncated, then written. */
  overwrite(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  remove(name: string): void {
    rmSync(this.file(name), { force: true });
  }

  /** Has the file hold this text while `action` runs; then it is as before, or gone again where it was not there. */
  async with<T>(name: string, text: string, action: () => Promise<T>): Promise<T> {
    let before: string | undefined;
    try {
      before = this.read(name);
    } catch {
      before = undefined;
    }
    this.replace(name, text);
    try {
      return await action();
    } finally {
      if (before === undefined) this.remove(name);
      else this.replace(name, before);
    }
  }
}

import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from '#common/logger';
import type { ResourceKey } from '#config';
import { Config } from '../model/config.js';
import type { EarlierForms } from '../push/withdrawal/earlier-forms.js';
import { keyOf, type Withdrawal } from '../push/withdrawal/withdrawal.js';
import type { Withdrawals } from '../push/withdrawal/withdrawals.js';

const VERSION = 1;
/** Lines of the file of earlier forms, after which it is written anew without what is superseded. */
const LINE_LIMIT = 5_000;

type SavedWithdrawal = Omit<Withdrawal, 'standIn'> & { readonly standIn: string | null };

/** The earlier forms of one config, as canonical JSON, the newest first; none where it has no more. */
interface SavedForms {
  readonly key: ResourceKey;
  readonly forms: readonly string[];
}

/**
 * Keeps what is withdrawn, and the earlier forms of what has changed, beside the saved state: a Pilot that starts anew
 * serves the last good forms at once. Files that cannot be read or written cost no more than that: what is refused is
 * found out about again. Writes one after the other; what changes meanwhile is in the next.
 */
export class WithdrawalStore {
  private readonly changedForms = new Set<ResourceKey>();
  private withdrawalsChanged = false;
  private lines = 0;
  private writing: Promise<void> | undefined;
  /** Of the earlier forms: to open it for every line costs more than the line. */
  private file: FileHandle | undefined;

  /** @param dir a folder of its own */
  constructor(
    private readonly dir: string,
    private readonly logger: Logger,
  ) {}

  /** Restores what was saved. Call it before the first change. */
  async load(withdrawals: Withdrawals): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await this.guarded('cannot read', async () => withdrawals.restore(await this.readWithdrawals()));
    await this.guarded('cannot read', () => this.readForms(withdrawals.forms));
    await this.guarded('cannot write', () => this.rewriteForms(withdrawals.forms));
  }

  /** Something has changed: it is written soon. */
  changed(what: 'withdrawals' | { readonly forms: ResourceKey }, withdrawals: Withdrawals): void {
    if (what === 'withdrawals') this.withdrawalsChanged = true;
    else this.changedForms.add(what.forms);
    this.writing ??= this.write(withdrawals).finally(() => (this.writing = undefined));
  }

  /** Resolves when all is written. */
  async flush(): Promise<void> {
    await this.writing;
    await this.close();
  }

  private async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  private async write(withdrawals: Withdrawals): Promise<void> {
    // A commit of many resources is one write.
    await Promise.resolve();
    while (this.withdrawalsChanged || this.changedForms.size > 0) {
      await this.guarded('cannot write', async () => {
        if (this.withdrawalsChanged) await this.writeWithdrawals(withdrawals.all);
        await this.appendForms(withdrawals.forms);
      });
    }
  }

  private async writeWithdrawals(all: readonly Withdrawal[]): Promise<void> {
    this.withdrawalsChanged = false;
    const saved = all.map((each): SavedWithdrawal => ({ ...each, standIn: each.standIn?.content ?? null }));
    await this.replace('withdrawn.json', JSON.stringify({ version: VERSION, withdrawals: saved }));
  }

  private async appendForms(forms: EarlierForms): Promise<void> {
    const keys = [...this.changedForms];
    this.changedForms.clear();
    this.lines += keys.length;
    if (this.lines > LINE_LIMIT) await this.rewriteForms(forms);
    else if (keys.length > 0) {
      this.file ??= await open(this.path('earlier-forms.jsonl'), 'a', 0o600);
      await this.file.appendFile(linesOf(keys, forms));
    }
  }

  private async rewriteForms(forms: EarlierForms): Promise<void> {
    const keys = [...forms.keys()];
    this.lines = keys.length;
    await this.close();
    await this.replace('earlier-forms.jsonl', linesOf(keys, forms));
  }

  private async readWithdrawals(): Promise<Withdrawal[]> {
    const text = await orEmpty(readFile(this.path('withdrawn.json'), 'utf8'));
    if (text === '') return [];
    const { version, withdrawals } = JSON.parse(text) as { version: number; withdrawals: SavedWithdrawal[] };
    if (version !== VERSION) return [];
    return withdrawals.map((saved) => ({ ...saved, standIn: decoded(keyOf(saved.identity), saved.standIn) }));
  }

  private async readForms(forms: EarlierForms): Promise<void> {
    const path = this.path('earlier-forms.jsonl');
    // A line may be cut short where the process was ended while it wrote.
    for await (const line of linesFrom(path)) {
      const saved = parsed(line);
      if (saved)
        forms.restore(
          saved.key,
          saved.forms.flatMap((form) => decoded(saved.key, form) ?? []),
        );
    }
  }

  private async replace(name: string, text: string): Promise<void> {
    const draft = this.path(`${name}.new`);
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, this.path(name));
  }

  private path(name: string): string {
    return join(this.dir, name);
  }

  private async guarded(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (err) {
      this.logger.warn({ err, dir: this.dir }, `${what} what is withdrawn`);
    }
  }
}

function linesOf(keys: readonly ResourceKey[], forms: EarlierForms): string {
  const saved = keys.map((key): SavedForms => ({ key, forms: forms.of(key).map(({ content }) => content) }));
  return saved.map((each) => `${JSON.stringify(each)}\n`).join('');
}

async function* linesFrom(path: string): AsyncIterable<string> {
  const input = createReadStream(path);
  const opened = await new Promise<boolean>((resolve, reject) => {
    input.once('open', () => resolve(true));
    input.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(false) : reject(error),
    );
  });
  if (opened) yield* createInterface({ input, crlfDelay: Infinity });
}

function parsed(line: string): SavedForms | undefined {
  try {
    return JSON.parse(line) as SavedForms;
  } catch {
    return undefined;
  }
}

function decoded(key: ResourceKey, content: string | null): Config | undefined {
  return content === null ? undefined : Config.decode(key, content);
}

async function orEmpty(text: Promise<string>): Promise<string> {
  return text.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

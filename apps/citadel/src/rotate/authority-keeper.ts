import { Backoff } from '#common/kube';
import type { Logger } from '#common/logger';
import type { Authority } from './authority.js';
import { keepAuthority } from './root-files.js';

/** The authority in force came from the folder, or was kept there when it was opened. */
export interface AuthorityKeeperOptions {
  readonly dir: string;
  readonly authority: Authority;
  readonly log: Logger;
}

/**
 * Keeps the authority in the state folder after every change, one writing at a time: of several changes meanwhile the
 * last counts. Where the disk refuses, Citadel signs on and tries again.
 */
export class AuthorityKeeper {
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ first: 500, longest: 30_000 });
  #isKept = true;
  #working: Promise<void> | undefined;
  #stop: () => void = () => undefined;
  #onDetail: (detail: string) => void = () => undefined;

  constructor(private readonly options: AuthorityKeeperOptions) {}

  /** @param onDetail told why the authority is not kept; empty where it is */
  start(onDetail: (detail: string) => void = () => undefined): void {
    this.#onDetail = onDetail;
    this.#stop = this.options.authority.subscribe(() => {
      this.#isKept = false;
      this.#work();
    });
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#stop();
    this.#closing.abort();
    await this.#working;
  }

  #work(): void {
    this.#working ??= this.#keep().finally(() => {
      this.#working = undefined;
      // A change may come between the last look and here.
      if (!this.#isKept && !this.#closing.signal.aborted) this.#work();
    });
  }

  async #keep(): Promise<void> {
    const { dir, authority, log } = this.options;
    let told = '';
    while (!this.#isKept) {
      this.#isKept = true;
      try {
        await keepAuthority(dir, authority);
        this.#backoff.reset();
        if (told !== '') this.#onDetail('');
        told = '';
      } catch (error) {
        this.#isKept = false;
        if (this.#closing.signal.aborted) return;
        const reason = `the certificate authority is not kept: ${(error as Error).message}`;
        if (reason !== told) log.warn({ reason }, 'a start without the API server would use an older one');
        if (reason !== told) this.#onDetail(reason);
        told = reason;
        await this.#backoff.pause(this.#closing.signal);
      }
    }
  }
}

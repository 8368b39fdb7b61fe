import { cpSync, existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tempDir } from '#common/testing';
import type { ConfigLogWriter } from './index.js';
import { type Consumer, LogRig, put } from './log.rig.js';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant('commit' as const) },
  { weight: 1, arbitrary: fc.constantFrom('kill', 'wipe', 'save', 'put back', 'writer', 'reader') },
);

let rig: LogRig;

beforeAll(async () => {
  rig = await LogRig.start();
});

afterAll(async () => {
  await rig.end();
});

/** A writer and a reader to whom things happen. */
class World {
  readonly accepted = new Set<string>();
  readonly #writerDir = tempDir();
  readonly #readerDir = tempDir();
  readonly #backup = tempDir();
  #count = 0;
  writer!: ConfigLogWriter;
  reader!: Consumer;

  async start(): Promise<void> {
    await this.happen('wipe');
    this.writer = await rig.writer(this.#writerDir, { snapshotEvery: 4 });
    this.reader = await rig.consumer(this.#readerDir);
    this.accepted.add(this.writer.state.stateHash);
  }

  async happen(event: string): Promise<void> {
    switch (event) {
      case 'commit':
        return this.#commit();
      case 'writer':
        await this.writer.close();
        this.writer = await rig.writer(this.#writerDir, { snapshotEvery: 4 });
        return;
      case 'reader':
        await this.reader.reader.stop();
        this.#check();
        this.reader = await rig.consumer(this.#readerDir);
        return;
      default:
        await rig.bus.kill();
        this.#store(event);
        return rig.bus.start();
    }
  }

  async settle(): Promise<void> {
    await this.reader.reaches(this.writer.state);
    this.#check();
  }

  async end(): Promise<void> {
    await this.reader.reader.stop();
    await this.writer.close();
  }

  async #commit(): Promise<void> {
    this.#count += 1;
    const operations = [put(`r${this.#count % 5}`, `${this.#count}`), put('last', `${this.#count}`)];
    await this.writer.commit({ operations, heldBack: [] });
    this.accepted.add(this.writer.state.stateHash);
  }

  #store(event: string): void {
    const { storeDir } = rig.bus;
    if (event === 'save') cpSync(storeDir, this.#backup, { recursive: true });
    if (event === 'wipe') rmSync(storeDir, { recursive: true, force: true });
    if (event !== 'put back' || !existsSync(`${this.#backup}/jetstream`)) return;
    rmSync(storeDir, { recursive: true, force: true });
    cpSync(this.#backup, storeDir, { recursive: true });
  }

  /** The reader saw accepted states only, and never went back. */
  #check(): void {
    let last = '';
    for (const change of this.reader.changes) {
      const { epoch, revision, stateHash } = change.kind === 'commit' ? change.commit : change.state;
      expect(this.accepted).toContain(stateHash);
      const head = `${epoch} ${String(revision).padStart(9, '0')}`;
      expect(head >= last).toBe(true);
      last = head;
    }
  }
}

describe('whatever happens to writer, reader and server', () => {
  it('the reader comes to the state of the writer, by accepted states alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 15 }), async (events) => {
        const world = new World();
        await world.start();
        try {
          for (const event of events) await world.happen(event);
          await world.settle();
        } finally {
          await world.end();
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 120_000);
});

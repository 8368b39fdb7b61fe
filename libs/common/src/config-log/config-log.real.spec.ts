import { cpSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { Bus } from './bus.rig.js';
import {
  ConfigLogReader,
  ConfigLogWriter,
  type ConfigChange,
  type ConfigState,
  type Operation,
} from './index.js';

const origin = { file: 'a.yaml', line: 1 };

export function put(name: string, content: string): Operation {
  return { op: 'put', key: `g/K/ns/${name}`, content, origin };
}

/** A reader that keeps what it was given, the way a consumer does. */
class Consumer {
  readonly changes: ConfigChange[] = [];
  readonly reader: ConfigLogReader;

  constructor(
    bus: Bus,
    readonly stateDir = tempDir(),
  ) {
    this.reader = new ConfigLogReader({ connect: bus.connect('pilot'), stateDir, checkInterval: 200 });
  }

  async start(): Promise<this> {
    await this.reader.start((change) => {
      this.changes.push(change);
    });
    started.push(() => this.reader.stop());
    return this;
  }

  async reaches(state: ConfigState): Promise<void> {
    await until(() => this.reader.live && same(this.reader.state, state), {
      what: `revision ${state.revision}`,
    });
  }
}

function same(a: ConfigState, b: ConfigState): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.stateHash === b.stateHash;
}

const started: (() => Promise<void>)[] = [];
let bus: Bus;

async function writer(stateDir: string, options: object = {}): Promise<ConfigLogWriter> {
  const made = await ConfigLogWriter.open({
    connect: bus.connect('galley'),
    stateDir,
    checkInterval: 200,
    ...options,
  });
  started.push(() => made.close());
  return made;
}

beforeEach(async () => {
  bus = await Bus.start();
});

afterEach(async () => {
  for (const stop of started.splice(0)) await stop();
  await bus.stop();
});

describe('the config log', () => {
  it('carries a commit to its readers', async () => {
    const galley = await writer(tempDir());
    const pilot = await new Consumer(bus).start();
    await galley.commit({ operations: [put('a', '1')], heldBack: [] });
    await pilot.reaches(galley.state);
    const heldBack = [{ key: 'g/K/ns/b', code: 'IST0106', message: 'no' }];
    const commit = await galley.commit({ operations: [put('b', '2'), put('a', '3')], heldBack });
    await pilot.reaches(galley.state);
    expect(pilot.changes.at(-1)).toEqual({ kind: 'commit', commit });
    expect([...pilot.reader.state.resources]).toEqual([...galley.state.resources]);
  });

  it('is fast', async () => {
    const galley = await writer(tempDir());
    let arrived: (() => void) | undefined;
    const reader = new ConfigLogReader({ connect: bus.connect('mixer'), stateDir: tempDir() });
    started.push(() => reader.stop());
    await reader.start(() => arrived?.());
    await galley.published();
    await until(() => reader.live);
    const times: number[] = [];
    for (let i = 0; i < 300; i += 1) {
      const t0 = performance.now();
      const seen = new Promise<void>((resolve) => (arrived = resolve));
      await galley.commit({ operations: [put(`r${i % 7}`, `${i}`)], heldBack: [] });
      await seen;
      times.push(performance.now() - t0);
    }
    times.sort((a, b) => a - b);
    expect(times[150]).toBeLessThan(50);
  });
});

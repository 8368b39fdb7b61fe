import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { startGalley, stopGalleys, virtualService } from '../pipeline.rig.js';
import type { GalleyRig } from '../pipeline.rig.js';

afterEach(stopGalleys);

/** Ten times what it is by default: a writer here, or this process, may come to a halt for longer than that. */
const STILL_MS = 1_000;

async function start(
  files: Readonly<Record<string, string>>,
  stillMs = STILL_MS,
): Promise<GalleyRig & { path: (name: string) => string }> {
  const root = tempDir('q-cfg-');
  for (const [name, text] of Object.entries(files)) writeAgo(join(root, name), text);
  const rig = await startGalley(root, undefined, undefined, stillMs);
  return Object.assign(rig, { path: (name: string) => join(root, name) });
}

/** Files that were only just written would count as being written still. */
function writeAgo(path: string, text: string): void {
  const past = new Date(Date.now() - 60_000);
  writeFileSync(path, text);
  utimesSync(path, past, past);
}

/** So long files have to be left alone where a test shows that nobody waits for that. */
const LONG_MS = 10_000;

/** Waits for what has to come at once, not when the file was left alone for {@link LONG_MS}. */
function atOnce(attempt: () => boolean): Promise<unknown> {
  return until(attempt, { interval: 1, timeout: LONG_MS / 2 });
}

function save(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

/** Every subset that was in force, in order. */
function history(rig: GalleyRig, name: string): string[] {
  return rig.commits.flatMap(({ operations }) =>
    operations
      .filter(({ key }) => key.endsWith(`/${name}`))
      .map((operation) =>
        operation.op === 'put' ? (/"subset":"(\w+)"/.exec(operation.content)?.[1] ?? '?') : operation.op,
      ),
  );
}

const two = (a: string, b: string): string =>
  `${virtualService('reviews', a)}---\n${virtualService('ratings', b)}`;

describe('ways to save a file', () => {
  it('takes a rename at once', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') });
    save(rig.path('a.yaml'), virtualService('reviews', 'v2'));
    await until(() => rig.subset('reviews') === 'v2');
    expect(rig.subset('ratings')).toBeUndefined();
    expect(rig.commits).toHaveLength(2);
  });

  it('takes a write in place at once', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') }, LONG_MS);
    for (const subset of ['v2', 'v3', 'v4']) {
      writeFileSync(rig.path('a.yaml'), two(subset, subset));
      await atOnce(() => rig.subset('ratings') === subset);
    }
    expect(history(rig, 'reviews')).toEqual(['v1', 'v2', 'v3', 'v4']);
  });

  it.each([7, 4, 3])('never serves a piece of a file written in %i pieces over 300 ms', async (pieces) => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') });
    const text = two('v2', 'version2');
    const file = openSync(rig.path('a.yaml'), 'w');
    for (let piece = 0; piece < pieces; piece += 1) {
      const size = Math.ceil(text.length / pieces);
      writeSync(file, text.slice(piece * size, (piece + 1) * size));
      await sleep(300 / pieces);
    }
    closeSync(file);
    await until(() => rig.subset('ratings') === 'version2');
    expect(history(rig, 'reviews')).toEqual(['v1', 'v2']);
    expect(history(rig, 'ratings')).toEqual(['v1', 'version2']);
    expect(rig.pipeline.diagnostics().filter(({ level }) => level === 'Error')).toEqual([]);
  });

  it('waits for pieces from a writer that opens the file for each', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') });
    const text = two('v2', 'v2');
    writeFileSync(rig.path('a.yaml'), '');
    for (let at = 0; at < text.length; at += 60) {
      appendFileSync(rig.path('a.yaml'), text.slice(at, at + 60));
      await sleep(40);
    }
    await until(() => rig.subset('ratings') === 'v2');
    expect(history(rig, 'reviews')).toEqual(['v1', 'v2']);
    expect(history(rig, 'ratings')).toEqual(['v1', 'v2']);
  });

  it('deletes what is missing from a file that was written in place once it was still', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') });
    const before = performance.now();
    writeFileSync(rig.path('a.yaml'), virtualService('reviews', 'v2'));
    await until(() => rig.subset('reviews') === 'v2', { interval: 1 });
    expect(rig.subset('ratings')).toBe('v1');
    await until(() => rig.subset('ratings') === undefined, { interval: 5 });
    expect(performance.now() - before).toBeGreaterThanOrEqual(STILL_MS);
  });

  it('takes an unlink at once', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1'), 'b.yaml': virtualService('details') }, LONG_MS);
    unlinkSync(rig.path('b.yaml'));
    await atOnce(() => rig.subset('details') === undefined);
    expect(rig.subset('reviews')).toBe('v1');
  });

  it('takes an editor that moves the file aside as a write, not as an unlink', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') });
    for (const subset of ['v2', 'v3']) {
      renameSync(rig.path('a.yaml'), rig.path('a.yaml~'));
      await sleep(20);
      writeFileSync(rig.path('a.yaml'), two(subset, subset));
      unlinkSync(rig.path('a.yaml~'));
      await until(() => rig.subset('ratings') === subset);
    }
    expect(history(rig, 'reviews')).toEqual(['v1', 'v2', 'v3']);
    expect(history(rig, 'ratings')).toEqual(['v1', 'v2', 'v3']);
  });

  it('follows a file that is renamed, without a moment in between', async () => {
    const rig = await start({ 'a.yaml': virtualService('reviews') });
    renameSync(rig.path('a.yaml'), rig.path('b.yaml'));
    await until(() => rig.commits.length === 2);
    expect(rig.commits[1]?.operations).toEqual([
      expect.objectContaining({ op: 'origin', origin: { file: 'b.yaml', line: 1 } }),
    ]);
  });

  it('follows a mounted ConfigMap, whose ..data link is swapped', async () => {
    const root = tempDir('q-cfg-');
    const publish = (version: string, subset: string): void => {
      mkdirSync(join(root, `..${version}`));
      writeFileSync(join(root, `..${version}`, 'a.yaml'), two(subset, subset));
      symlinkSync(`..${version}`, join(root, '..data_tmp'));
      renameSync(join(root, '..data_tmp'), join(root, '..data'));
    };
    publish('1', 'v1');
    symlinkSync('..data/a.yaml', join(root, 'a.yaml'));
    const rig = await startGalley(root, undefined, undefined, LONG_MS);
    expect(rig.subset('reviews')).toBe('v1');
    publish('2', 'v2');
    rmSync(join(root, '..1'), { recursive: true });
    await atOnce(() => rig.subset('ratings') === 'v2');
    expect(history(rig, 'reviews')).toEqual(['v1', 'v2']);
  });
});

describe('folders', () => {
  it('reads new sub-folders, and those that are moved in whole', async () => {
    const rig = await start({ 'a.yaml': virtualService('reviews') });
    mkdirSync(rig.path('sub/deep'), { recursive: true });
    writeFileSync(rig.path('sub/deep/b.yaml'), virtualService('ratings'));
    await until(() => rig.subset('ratings') === 'v1');
    writeFileSync(rig.path('sub/deep/b.yaml'), virtualService('ratings', 'v2'));
    await until(() => rig.subset('ratings') === 'v2');
    const elsewhere = tempDir('q-cfg-');
    renameSync(rig.path('sub'), join(elsewhere, 'sub'));
    await until(() => rig.subset('ratings') === undefined);
    renameSync(join(elsewhere, 'sub'), rig.path('sub'));
    await until(() => rig.subset('ratings') === 'v2');
  });

  it('keeps everything while the folder itself is away, and says so', async () => {
    const rig = await start({ 'a.yaml': two('v1', 'v1') });
    renameSync(rig.root, `${rig.root}.away`);
    await until(() => rig.pipeline.diagnostics().some(({ code }) => code === 'QT0008'));
    expect(rig.subset('reviews')).toBe('v1');
    mkdirSync(rig.root);
    await sleep(300);
    writeFileSync(rig.path('a.yaml'), two('v1', 'v2'));
    await until(() => rig.subset('ratings') === 'v2');
    expect(history(rig, 'reviews')).toEqual(['v1']);
    rmSync(`${rig.root}.away`, { recursive: true });
  });
});

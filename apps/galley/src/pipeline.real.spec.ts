import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import { startGalley, stopGalleys, virtualService } from './pipeline.rig.js';

afterEach(stopGalleys);

const invalid = (name: string): string => virtualService(name, 'v2').replace('subset', 'subsett');

describe('a restart', () => {
  it('appends nothing where nothing changed', async () => {
    const first = await startGalley();
    writeFileSync(join(first.root, 'a.yaml'), virtualService('reviews'));
    await until(() => first.subset('reviews') === 'v1');
    await first.stop();
    const second = await startGalley(first.root, first.stateDir);
    expect(second.commits).toEqual([]);
    expect(second.subset('reviews')).toBe('v1');
    await second.stop();
  });

  it('commits what changed meanwhile, as one change', async () => {
    const root = tempDir('q-cfg-');
    for (const name of ['a', 'b', 'c']) writeFileSync(join(root, `${name}.yaml`), virtualService(name));
    const first = await startGalley(root);
    await first.stop();
    rmSync(join(root, 'a.yaml'));
    writeFileSync(join(root, 'b.yaml'), virtualService('b', 'v2'));
    writeFileSync(join(root, 'd.yaml'), virtualService('d'));
    const second = await startGalley(root, first.stateDir);
    expect(second.commits.map(({ operations }) => operations.map(({ op, key }) => [op, key.at(-1)]))).toEqual(
      [
        [
          ['delete', 'a'],
          ['put', 'b'],
          ['put', 'd'],
        ],
      ],
    );
    await second.stop();
  });

  it('keeps the last good version of a file that was broken before or meanwhile, and still says what is wrong', async () => {
    const root = tempDir('q-cfg-');
    const file = join(root, 'a.yaml');
    writeFileSync(file, `${virtualService('reviews')}---\n${virtualService('ratings')}`);
    const first = await startGalley(root);
    writeFileSync(file, `${invalid('reviews')}---\n${virtualService('ratings', 'v2')}`);
    await until(() => first.subset('ratings') === 'v2');
    expect(first.subset('reviews')).toBe('v1');
    const errors = (rig: typeof first) => rig.pipeline.diagnostics().filter(({ level }) => level === 'Error');
    await until(() => errors(first).length === 1);
    await first.stop();
    const second = await startGalley(root, first.stateDir);
    expect(second.subset('reviews')).toBe('v1');
    expect(errors(second)).toMatchObject([{ code: 'IST0106', origin: { file: 'a.yaml', line: 12 } }]);
    await second.stop();
    writeFileSync(file, '{ no yaml at all');
    const third = await startGalley(root, first.stateDir);
    expect([third.subset('reviews'), third.subset('ratings')]).toEqual(['v1', 'v2']);
    // A file that was only just written may be incomplete: it is not complained of until it was still.
    await until(() => errors(third).length > 0);
    expect(errors(third)).toMatchObject([{ code: 'QT0001', origin: { file: 'a.yaml', line: 1 } }]);
    await third.stop();
  });

  it('deletes nothing because the folder is away', async () => {
    const first = await startGalley();
    writeFileSync(join(first.root, 'a.yaml'), virtualService('reviews'));
    await until(() => first.subset('reviews') === 'v1');
    await first.stop();
    rmSync(first.root, { recursive: true });
    const second = await startGalley(first.root, first.stateDir);
    expect(second.subset('reviews')).toBe('v1');
    expect(second.pipeline.diagnostics()).toMatchObject([{ code: 'QT0008', level: 'Error' }]);
    await second.stop();
  });
});

describe('what is wrong', () => {
  it('shows the line of a reference that leads nowhere', async () => {
    const root = tempDir('q-cfg-');
    writeFileSync(join(root, 'a.yaml'), virtualService('reviews'));
    const galley = await startGalley(root);
    expect(galley.pipeline.diagnostics().map(({ code, origin }) => [code, origin.line])).toEqual([
      ['IST0101', 11],
      ['IST0101', 12],
    ]);
    await galley.stop();
  });
});

import { describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir, until } from '#common/testing';
import { createLogger } from '#common/logger';
import { AuthorityKeeper } from './authority-keeper.js';
import { Authority } from './authority.js';
import { finishKeeping, keepAuthority, readTrusted } from './root-files.js';
import { newRootFiles } from './test-root.js';

const DAY = 86_400_000;
const lifetime = 2 * DAY;

function authority(files = newRootFiles()) {
  const clock = { now: Date.now() };
  const held = new Authority({ files, trusted: new Map(), lifetime, now: () => clock.now });
  const changes: string[] = [];
  held.subscribe(() => changes.push(held.roots));
  return { held, clock, changes, files };
}

describe('an authority', () => {
  it('is replaced, and trusts the one before until its last certificate has ended', () => {
    const { held, clock, changes, files } = authority();
    const next = newRootFiles();
    // The old one signs up to the last moment.
    clock.now += 5 * DAY;
    expect(held.replace(next)).toBe(true);
    const both = next['root-cert.pem'] + files['root-cert.pem'];
    expect(held.roots).toBe(both);
    clock.now += lifetime;
    held.refresh();
    expect(held.roots).toBe(both);
    clock.now += DAY;
    held.refresh();
    expect(held.roots).toBe(next['root-cert.pem']);
    expect(changes.at(-1)).toBe(next['root-cert.pem']);
  });

  it('tells nobody of what changes nothing', () => {
    const { held, changes, files } = authority();
    expect(held.replace({ ...files })).toBe(false);
    held.learn(held.trusted);
    held.refresh();
    expect(changes).toEqual([]);
  });

  it('stays when the next one cannot sign', () => {
    const { held, clock, changes, files } = authority();
    const ended = newRootFiles({ notAfter: clock.now });
    expect(() => held.replace(ended)).toThrow(/^the certificate of O=cluster.local ended on /);
    expect(() => held.replace({ ...newRootFiles(), 'ca-key.pem': files['ca-key.pem'] })).toThrow(
      'another key',
    );
    const foreign = { ...newRootFiles(), 'root-cert.pem': files['root-cert.pem'] };
    expect(() => held.replace(foreign)).toThrow('the chain does not lead');
    clock.now = Date.UTC(2019);
    expect(() => held.replace(newRootFiles())).toThrow('is not valid before');
    expect(held.files).toBe(files);
    expect(changes).toEqual([]);
  });

  it('trusts what others trust', () => {
    const { held, clock, changes } = authority();
    const other = newRootFiles()['root-cert.pem'];
    held.learn(new Map([[other, clock.now + DAY]]));
    expect(changes).toEqual([held.issuer.roots + other]);
  });
});

describe('the state folder', () => {
  it('has what is trusted, with its ends', async () => {
    const dir = tempDir();
    const { held, clock } = authority();
    held.replace(newRootFiles());
    await keepAuthority(dir, held);
    expect(readTrusted(dir, { now: clock.now, lifetime })).toEqual(held.trusted);
    expect(readFileSync(join(dir, 'root-cert.pem'), 'utf8')).toBe(held.roots);
  });

  it('trusts the root of a time when nothing was said of ends', () => {
    const dir = tempDir();
    const { held, clock, files } = authority();
    writeFileSync(join(dir, 'root-cert.pem'), files['root-cert.pem']);
    expect(readTrusted(dir, { now: clock.now, lifetime })).toEqual(held.trusted);
  });

  it('is completed after a crash in the midst of writing', async () => {
    const dir = tempDir();
    const { held } = authority();
    await keepAuthority(dir, held);
    const next = newRootFiles();
    held.replace(next);
    // One of the files cannot be replaced: what comes after it stays as it was.
    rmSync(join(dir, 'cert-chain.pem'));
    mkdirSync(join(dir, 'cert-chain.pem'));
    await expect(keepAuthority(dir, held)).rejects.toThrow();
    rmSync(join(dir, 'cert-chain.pem'), { recursive: true });
    await finishKeeping(dir);
    expect(existsSync(join(dir, 'authority-draft.json'))).toBe(false);
    for (const name of ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem'] as const)
      expect(readFileSync(join(dir, name), 'utf8')).toBe(next[name]);
    expect(readFileSync(join(dir, 'root-cert.pem'), 'utf8')).toBe(held.roots);
  });

  it('that cannot be written is said, and written later', async () => {
    const dir = tempDir();
    const { held } = authority();
    const details: string[] = [];
    const keeper = new AuthorityKeeper({ dir, authority: held, log: createLogger('test', 'silent') });
    keeper.start((detail) => details.push(detail));
    mkdirSync(join(dir, 'ca-key.pem'));
    const next = newRootFiles();
    held.replace(next);
    await until(() => details.length > 0);
    expect(details).toEqual([expect.stringMatching(/^the certificate authority is not kept: /)]);
    rmSync(join(dir, 'ca-key.pem'), { recursive: true });
    await until(() => details.length > 1);
    expect(details[1]).toBe('');
    expect(readFileSync(join(dir, 'ca-key.pem'), 'utf8')).toBe(next['ca-key.pem']);
    await keeper.close();
  });
});

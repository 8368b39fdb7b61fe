import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { connectNats, requestOne } from '#common/nats';
import { freePort, spawnProcess, startNats, tempDir, until } from '#common/testing';
import type { SpawnedProcess } from '#common/testing';
import type { Diagnostic } from '#config';
import { virtualService } from './pipeline.rig.js';

const MAIN = fileURLToPath(new URL('../../../dist/apps/galley/src/main.js', import.meta.url));

interface RunningGalley {
  readonly process: SpawnedProcess;
  get<T>(path: string): Promise<T>;
}

async function galley(config: string, state: string, nats: string): Promise<RunningGalley> {
  const http = `127.0.0.1:${await freePort()}`;
  const args = ['--config', config, '--state', state, '--http', http, '--nats', nats];
  const process_ = spawnProcess(process.execPath, [MAIN, ...args], { name: 'galley' });
  await until(async () => (await fetch(`http://${http}/readyz`)).ok, { what: 'galley' });
  return {
    process: process_,
    get: async <T>(path: string) => (await (await fetch(`http://${http}${path}`)).json()) as T,
  };
}

it('serves the old version, and says what is wrong, after a bad file, SIGKILL and a wiped NATS', async () => {
  const [config, state] = [tempDir('q-cfg-'), tempDir('q-gly-')];
  writeFileSync(join(config, 'a.yaml'), virtualService('reviews'));
  const bus = await startNats();
  const first = await galley(config, state, bus.url);
  writeFileSync(join(config, 'a.yaml'), virtualService('reviews').replace('subset', 'subsett'));
  const errors = async (running: RunningGalley) =>
    (await running.get<Diagnostic[]>('/debug/diagnostics')).filter(({ level }) => level === 'Error');
  await until(async () => (await errors(first)).length === 1);
  const before = await first.get<{ stateHash: string }>('/debug/snapshot');
  await first.process.kill();
  await bus.kill();
  rmSync(bus.storeDir, { recursive: true });

  const fresh = await startNats();
  const second = await galley(config, state, fresh.url);
  expect(await errors(second)).toMatchObject([{ code: 'IST0106', origin: { file: 'a.yaml', line: 12 } }]);
  expect(await second.get('/debug/snapshot')).toMatchObject({
    stateHash: before.stateHash,
    instances: { 'networking.istio.io/VirtualService': 1 },
  });
  const connection = await connectNats({ url: fresh.url, name: 'test' });
  const asked = await until(() =>
    requestOne<Diagnostic[]>(connection, 'galley.diagnostics', {}, { timeoutMs: 1_000 }),
  );
  expect(asked).toEqual(await second.get('/debug/diagnostics'));
  await connection.close();
  await second.process.stop();
  expect((await second.process.exited).code).toBe(0);
}, 60_000);

it('names all problems of its command line at once', async () => {
  const ended = spawnProcess(process.execPath, [MAIN, '--http', 'nowhere', '--frob', '1'], {
    name: 'galley',
  });
  expect((await ended.exited).code).toBe(2);
  for (const flag of ['--frob', '--http', '--state']) expect(ended.logs()).toContain(flag);
});

import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectNats, requestOne } from '#common/nats';
import { spawnProcess, startNats, tempDir, until } from '#common/testing';

const MAIN = fileURLToPath(new URL('../../../dist/apps/citadel/src/main.js', import.meta.url));

it('runs as a process: announces itself, answers over NATS, shows its metrics, ends on SIGTERM', async () => {
  const nats = await startNats();
  const state = join(tempDir(), 'citadel');
  const flags = ['--state', state, '--nats', nats.url, '--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const citadel = spawnProcess(process.execPath, [MAIN, ...flags], { ipc: true, env: process.env });
  const [ready] = (await once(citadel.child, 'message')) as [{ addresses: { http: string; grpc: string } }];
  expect(ready).toMatchObject({
    type: 'ready',
    addresses: { grpc: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
  });

  const roots = readFileSync(join(state, 'root-cert.pem'), 'utf8');
  const connection = await connectNats({ url: nats.url, name: 'pilot' });
  const ask = () => requestOne(connection, 'citadel.trust-bundle', {}, { timeoutMs: 1_000 });
  await expect(until(ask, { what: 'the trust bundle' })).resolves.toEqual({
    roots,
    trustDomain: 'cluster.local',
  });
  await connection.close();

  const metrics = await (await fetch(`http://${ready.addresses.http}/metrics`)).text();
  expect(metrics).toContain('citadel_server_success_cert_issuance_count 0');
  const years = Number(/^citadel_server_root_cert_expiry_seconds (\S+)$/m.exec(metrics)?.[1]) / 86_400 / 365;
  expect(years).toBeCloseTo(10, 1);

  const credential = readFileSync(join(state, 'admin-credential'), 'utf8').trim();
  expect(citadel.logs()).not.toContain(credential);
  await citadel.stop();
  expect(await citadel.exited).toEqual({ code: 0, signal: null });
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  envoyAccepts,
  freePort,
  logTails,
  spawnProcess,
  startEnvoy,
  startNats,
  tempDir,
  until,
} from './index.js';
import { guardGroup } from './process.js';

describe('startNats', () => {
  it('runs JetStream and keeps its streams over a restart on the same port', async () => {
    const first = await startNats();
    expect(existsSync(join(first.storeDir, 'jetstream'))).toBe(true);
    await first.kill();
    const second = await startNats({ storeDir: first.storeDir, port: first.port });
    expect(second.url).toBe(first.url);
    await second.stop();
  });
});

describe('startEnvoy', () => {
  it('serves, and shows its listeners, stats and config', async () => {
    const envoy = await startEnvoy({ static_resources: { listeners: [listener('hello', 200)] } });
    const address = (await envoy.listeners()).get('hello') ?? '';
    expect(await (await fetch(`http://${address}/`)).text()).toBe('hello');
    expect((await envoy.stats('http.test.downstream_rq_total')).get('http.test.downstream_rq_total')).toBe(1);
    expect(JSON.stringify(await envoy.configDump())).toContain('"hello"');
    await envoy.stop();
    expect(envoy.process.running()).toBe(false);
  });

  it('tells what is wrong where Envoy does not start', async () => {
    await expect(startEnvoy({ static_resources: { nonsense: true } })).rejects.toThrow(/nonsense/);
  });
});

describe('envoyAccepts', () => {
  it('takes a good configuration and refuses a seeded bad one', async () => {
    expect(await envoyAccepts({ static_resources: { listeners: [listener('a', 200)] } })).toEqual({
      accepted: true,
      message: '',
    });
    const bad = await envoyAccepts({ static_resources: { listeners: [listener('a', 42)] } });
    expect(bad.accepted).toBe(false);
    expect(bad.message).toMatch(/status/i);
  });
});

describe('spawnProcess', () => {
  it('captures output, and stops a whole group', async () => {
    const parent = spawnProcess('/bin/sh', ['-c', 'echo hello; echo trouble >&2; sleep 600 & echo $!; wait']);
    const grandchild = await until(() => Number(/^\d+$/m.exec(parent.stdout())?.[0]));
    expect(parent.logs()).toContain('trouble');
    expect(parent.stdout()).not.toContain('trouble');
    expect(logTails()).toContain('hello');
    await parent.stop();
    await until(() => !isAlive(grandchild), { what: 'the grandchild to end' });
  });

  it('has a guard that ends the group when our end of its pipe closes, as it does when we are killed', async () => {
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const guard = guardGroup(child.pid ?? 0);
    const exit = once(child, 'exit');
    guard.stdin?.destroy();
    expect(await exit).toEqual([null, 'SIGKILL']);
  });
});

describe('freePort and until', () => {
  it('names a port that can be listened on', async () => {
    const server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });

  it('says what it waited for and the last error', async () => {
    const never = until(() => Promise.reject(new Error('still no')), { timeout: 30, what: 'godot' });
    await expect(never).rejects.toThrow(/godot: still no/);
  });

  it('makes folders whose sockets have short enough paths', () => {
    expect(join(tempDir(), 'app.sock').length).toBeLessThan(108);
  });
});

/** A zombie, which waits for a parent to look, is not alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

function listener(name: string, status: number): object {
  const routes = [{ match: { prefix: '/' }, direct_response: { status, body: { inline_string: name } } }];
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'test',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  };
}

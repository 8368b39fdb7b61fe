import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { quartet, startControlPlane, tempDir, until, type RunningControlPlane } from '#common/testing';

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const VIRTUAL_SERVICE = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews}}]}]
`;

function configDir(): string {
  const dir = tempDir();
  writeFileSync(join(dir, 'reviews.yaml'), VIRTUAL_SERVICE);
  return dir;
}

async function ready(http: string): Promise<boolean> {
  return (await fetch(`http://${http}/readyz`)).ok;
}

const services = (plane: RunningControlPlane) => [plane.pilot, plane.citadel, plane.galley, plane.mixer];

describe('quartet up', () => {
  it('runs every service, answers on the usual paths and ends in order on SIGTERM', async () => {
    const config = configDir();
    const plane = await startControlPlane({ config });
    for (const { http } of services(plane)) {
      expect(await ready(http)).toBe(true);
      expect(await (await fetch(`http://${http}/healthz`)).text()).toBe('ok');
      expect(await (await fetch(`http://${http}/metrics`)).text()).toContain('process_cpu_seconds_total');
    }
    expect(Object.keys(plane.pids).sort()).toEqual(['citadel', 'galley', 'mixer', 'nats', 'pilot']);
    const token = await quartet(
      'token',
      'create',
      '--namespace',
      'default',
      '--service-account',
      'a',
      '--state',
      plane.state,
    );
    expect(token).toMatchObject({ code: 0, stderr: '' });
    expect(token.stdout.trim()).not.toMatch(/\s/);
    writeFileSync(join(config, 'ratings.yaml'), VIRTUAL_SERVICE.replaceAll('reviews', 'ratings'));
    const { stdout: traced } = await until(async () => {
      const result = await quartet('trace-change', '--state', plane.state);
      return result.code === 0 && result.stdout.includes('ratings') && result;
    });
    expect(traced).toMatch(/^revision \d+, heard of 20\S+Z, committed after \d+ ms$/m);
    expect(traced).toMatch(/^ {2}put +VirtualService default\/ratings +ratings\.yaml:2$/m);
    expect(traced).toMatch(/ 0\/0 /);
    // In order means that nobody had to be killed: neither all of it nor a service, which would be said.
    await plane.process.stop(60_000);
    expect((await plane.process.exited).code).toBe(0);
    expect(plane.process.logs()).not.toContain('after it was told to end');
    expect(Object.values(plane.pids).filter(alive)).toEqual([]);
  }, 90_000);

  it('has Pilot, Galley and Mixer learn from Citadel whom to trust', async () => {
    const plane = await startControlPlane({ config: configDir() });
    const root = readFileSync(plane.citadel.rootCert, 'utf8').trim();
    for (const { http } of [plane.pilot, plane.galley, plane.mixer]) {
      const learnt = async (): Promise<unknown> => {
        const answer = await fetch(`http://${http}/debug/trust-bundle`);
        return answer.ok && answer.json();
      };
      const bundle = await until(learnt, { what: `${http} to know the trust bundle` });
      expect(bundle).toEqual({ roots: expect.stringContaining(root), trustDomain: 'cluster.local' });
    }
    await plane.process.stop(15_000);
  }, 90_000);

  it('restarts what dies, on the same ports, and says so', async () => {
    const plane = await startControlPlane({ config: configDir() });
    for (const name of ['pilot', 'mixer', 'galley', 'citadel', 'nats']) {
      process.kill(plane.pids[name] as number, 'SIGKILL');
    }
    const names = () => plane.events().map((event) => event.restarted);
    await until(() => new Set(names()).size === 5, { what: 'five restarts', timeout: 40_000 });
    for (const { http } of services(plane)) await until(() => ready(http), { what: `${http} to be ready` });
    await plane.process.stop(15_000);
  }, 90_000);

  it('leaves nothing behind when it is killed', async () => {
    const plane = await startControlPlane({ config: configDir() });
    process.kill(plane.process.pid, 'SIGKILL');
    await until(() => !Object.values(plane.pids).some(alive), {
      what: 'all children to exit',
    });
  }, 90_000);

  it('keeps keys and credentials to their owner, and out of the config folder', async () => {
    const config = configDir();
    const plane = await startControlPlane({ config });
    const mode = (...path: string[]) => statSync(join(plane.state, ...path)).mode & 0o777;
    expect(mode()).toBe(0o700);
    expect(mode('citadel', 'admin-credential')).toBe(0o600);
    expect(mode('citadel', 'ca-key.pem')).toBe(0o600);
    expect(mode('nats', 'galley.nk')).toBe(0o600);
    await plane.process.stop(15_000);
    mkdirSync(join(config, 'state'));
    const refused = await quartet('up', '--config', config, '--state', join(config, 'state'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('lies inside the config folder');
  }, 90_000);
});

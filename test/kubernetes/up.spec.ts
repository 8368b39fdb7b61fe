import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import {
  describeKubernetes,
  quartet,
  startControlPlane,
  startKubernetes,
  tempDir,
  until,
} from '#common/testing';
import type { RunningControlPlane, RunningKubernetes } from '#common/testing';
import type { Diagnostic } from '#config';

jest.setTimeout(120_000);

let kubernetes: RunningKubernetes;
let plane: RunningControlPlane;
const config = tempDir('q-cfg-');

const entry = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: default}
spec:
  hosts: [${name}.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1}]
`;

interface Summary {
  readonly instances: Readonly<Record<string, number>>;
}

const galley = async <T>(path: string): Promise<T> =>
  (await (await fetch(`http://${plane.galley.http}/debug/${path}`)).json()) as T;
const entries = async (): Promise<number> =>
  (await galley<Summary>('snapshot')).instances['networking.istio.io/ServiceEntry'] ?? 0;

describeKubernetes('quartet up beside a cluster', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const { stdout } = await quartet('manifest', 'generate');
    await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], stdout);
    plane = await startControlPlane({ config, args: ['--kubeconfig', kubernetes.kubeconfig] });
  }, 240_000);
  afterAll(async () => {
    await plane?.process.stop();
    await kubernetes?.stop();
  });

  it('serves what stands in the cluster and in the folder', async () => {
    writeFileSync(join(config, 'a.yaml'), entry('file'));
    const { code } = await kubernetes.kubectl(['apply', '-f', '-'], entry('cluster'));
    expect(code).toBe(0);
    await until(async () => (await entries()) === 2);
    const configz = async (): Promise<string> =>
      (await fetch(`http://${plane.pilot.http}/debug/configz`)).text();
    await until(async () => {
      const held = await configz();
      return held.includes('cluster.example.com') && held.includes('file.example.com');
    });
  });

  it('shows what became of each resource, from files and from the cluster', async () => {
    await until(async () => (await entries()) === 2);
    const invalid = entry('twice').replace(
      'resolution: STATIC',
      'resolution: DNS_ROUND_ROBIN\n  addresses: [a b]',
    );
    await kubernetes.kubectl(['apply', '-f', '-'], invalid);
    writeFileSync(join(config, 'b.yaml'), entry('cluster').replace('127.0.0.1', '127.0.0.2'));
    const rows = await until(async () => {
      const { stdout } = await quartet('config', 'get', 'se', '--state', plane.state, '-o', 'json');
      const found = JSON.parse(stdout) as {
        name: string;
        source: string;
        outcome: string;
        inForce: boolean;
      }[];
      return found.length === 4 && found;
    });
    const brief = rows.map(({ name, source, outcome, inForce }) => [name, source, outcome, inForce]);
    expect(brief).toEqual([
      ['cluster', 'cluster/Kubernetes', 'overridden', false],
      ['cluster', 'b.yaml:2', 'accepted', true],
      ['file', 'a.yaml:2', 'accepted', true],
      ['twice', 'cluster/Kubernetes', 'invalid', false],
    ]);
    const table = await quartet('config', 'get', 'serviceentries', 'cluster', '--state', plane.state);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/ServiceEntry +default +cluster +yes +yes +0\/0 +\d+ +b\.yaml:2/);
    expect(table.stdout).toContain('it stands already in b.yaml:2, which stays');
    const told = await quartet('config', 'describe', 'ServiceEntry', 'twice', '--state', plane.state);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/error: spec\.addresses\[0\]: .*\[IST0106\]/);
    const none = await quartet('config', 'describe', 'se', 'nothing', '--state', plane.state);
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no ServiceEntry default/nothing'),
    });
    rmSync(join(config, 'b.yaml'));
    await kubernetes.kubectl(['delete', 'serviceentry', 'twice']);
    await until(async () => (await entries()) === 2);
  });

  it('keeps all of it while the API server is away, and says that it is', async () => {
    await until(async () => (await entries()) === 2);
    await kubernetes.stopApiServer('SIGKILL');
    const away = await until(async () => {
      const all = await galley<Diagnostic[]>('diagnostics');
      return all.filter(({ code, origin }) => code === 'QT0008' && origin.file === 'cluster/Kubernetes');
    });
    expect(away.length).toBeGreaterThan(0);
    expect(await entries()).toBe(2);
    await kubernetes.startApiServer();
    await kubernetes.kubectl(['apply', '-f', '-'], entry('later'));
    await until(async () => (await entries()) === 3, { timeout: 30_000 });
  });
});

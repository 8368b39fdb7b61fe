import { writeFileSync } from 'node:fs';
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

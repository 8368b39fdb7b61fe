import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import {
  describeKubernetes,
  freePort,
  quartet,
  startControlPlane,
  startKubernetes,
  tempDir,
  until,
} from '#common/testing';
import type { RunningControlPlane, RunningKubernetes } from '#common/testing';
import type { Diagnostic } from '#config';
import { startProxy } from '../../apps/pilot/src/ads/testing/ads-rig.js';
import { definitionsServed } from './support/definitions.js';

jest.setTimeout(120_000);

let kubernetes: RunningKubernetes;
let plane: RunningControlPlane;
const config = tempDir('q-cfg-');
const patient = { timeout: 60_000, interval: 200 };

const PLAIN = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'enableAutoMtls: false'}
`;

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
    await definitionsServed(kubernetes);
    // The proxy here has no agent, and so no certificate to call anybody with.
    writeFileSync(join(config, 'mesh.yaml'), PLAIN);
    const only = ['--only', 'galley,pilot,citadel'];
    const args = ['--kubeconfig', kubernetes.kubeconfig, '--write-status', ...only];
    plane = await startControlPlane({ config, args });
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

  it("tells in a resource's status what a real Envoy says to it, and which version is in force", async () => {
    const metadata = {
      ...{ INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(await freePort()) },
      WORKLOAD_ENTRY: 'client',
    };
    const envoy = await startProxy(plane.pilot.xds, 'delta', 'client', metadata);
    // Whether a file is there only the proxy can tell.
    const rule = (tls: string): string => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cluster, namespace: default}
spec: {host: cluster.example.com, trafficPolicy: {tls: {mode: SIMPLE, ${tls}}}}
`;
    const status = async (type: string): Promise<string> => {
      const path = `{.status.conditions[?(@.type=="${type}")]}`;
      return (await kubernetes.kubectl(['get', 'dr', 'cluster', '-o', `jsonpath=${path}`])).stdout;
    };
    await kubernetes.kubectl(['apply', '-f', '-'], rule('sni: good'));
    await until(
      async () => (await status('Reconciled')).includes('1 of 1 connected proxies hold it'),
      patient,
    );
    await kubernetes.kubectl(['apply', '-f', '-'], rule('caCertificates: /no/such/ca.pem'));
    await until(async () => (await status('Reconciled')).includes('in force is last good form'), patient);
    expect(await status('Reconciled')).toMatch(/Invalid path.*Refused/);
    expect(await status('Accepted')).toContain('True');
    const events = ['get', 'events', '-o', 'jsonpath={.items[*].reason}'];
    await until(async () => (await kubernetes.kubectl(events)).stdout.includes('RefusedByEnvoy'), patient);
    const told = await quartet('config', 'describe', 'dr', 'cluster', '--state', plane.state);
    expect(told.stdout).toMatch(/refused: CDS '.*' by .*Invalid path/);
    await kubernetes.kubectl(['apply', '-f', '-'], rule('sni: better'));
    await until(
      async () => (await status('Reconciled')).includes('1 of 1 connected proxies hold it'),
      patient,
    );
    await envoy.stop();
    await kubernetes.kubectl(['delete', 'dr', 'cluster']);
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
    await definitionsServed(kubernetes);
    expect(await kubernetes.kubectl(['apply', '-f', '-'], entry('later'))).toMatchObject({ code: 0 });
    await until(async () => (await entries()) === 3, patient);
  });
});

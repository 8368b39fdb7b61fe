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
import { definitionsServed } from './support/definitions.js';

jest.setTimeout(120_000);

let kubernetes: RunningKubernetes;
let plane: RunningControlPlane;
const patient = { timeout: 60_000, interval: 200 };

const entry = (host: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: one, namespace: default}
spec: {hosts: ["${host}"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
`;
const apply = (text: string) => kubernetes.kubectl(['apply', '-f', '-'], text);
const policies = async (): Promise<string> => {
  const path = ['-o', 'jsonpath={.webhooks[*].failurePolicy}'];
  return (await kubernetes.kubectl(['get', 'validatingwebhookconfiguration', 'istio-galley', ...path]))
    .stdout;
};

describeKubernetes('quartet up --webhook-url', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const { stdout } = await quartet('manifest', 'generate');
    await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], stdout);
    await definitionsServed(kubernetes);
    await kubernetes.kubectl(['create', 'namespace', 'istio-system']);
    const url = `https://127.0.0.1:${await freePort()}`;
    const args = ['--kubeconfig', kubernetes.kubeconfig, '--webhook-url', url, '--only', 'galley,citadel'];
    plane = await startControlPlane({ config: tempDir('q-cfg-'), args });
  }, 240_000);
  afterAll(async () => {
    await plane?.process.stop();
    await kubernetes?.stop();
  });

  it("has the API server refuse what Galley refuses, by a certificate of Citadel's", async () => {
    await until(async () => (await policies()) === 'Fail Ignore Ignore', patient);
    const refused = await apply(entry('a b'));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/denied the request: configuration is invalid: spec\.hosts\[0\]/);
    expect(await apply(entry('one.example.com'))).toMatchObject({ code: 0 });
  });

  it('leaves the cluster to itself when it ends', async () => {
    // Time enough to end in order: who is killed leaves the registration as it is.
    await plane.process.stop(60_000);
    expect(await policies()).toBe('Ignore Ignore Ignore');
    expect(await apply(entry('a b'))).toMatchObject({ code: 0 });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { ConfigLogWriter } from '#common/config-log';
import { KubeClient, PATCH, readKubeconfig, resourcePath } from '#common/kube';
import { silentLog } from '#common/nats';
import { describeKubernetes, startKubernetes, startTcpProxy, tempDir, until } from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { MESH_CONFIG_KEY } from '#config';
import { accountOf } from '../../../../test/kubernetes/support/accounts.js';
import { installDefinitions } from '../../../../test/kubernetes/support/definitions.js';
import { startGalley, stopGalleys, virtualService } from '../pipeline.rig.js';
import { Pipeline } from '../pipeline.js';
import type { GalleyRig } from '../pipeline.rig.js';

let kubernetes: RunningKubernetes;
/** Of Galley: the kubeconfig. */
let account: string;

jest.setTimeout(120_000);

const SERVICES = { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices' };
const key = (name: string) => `networking.istio.io/VirtualService/default/${name}`;

const TIMINGS = { backoff: { longest: 200 }, watchSeconds: 2 };

async function start(options: { stateDir?: string; root?: string; user?: string } = {}): Promise<GalleyRig> {
  const kubeconfig = options.user === undefined ? account : kubernetes.kubeconfigOf(options.user);
  const client = new KubeClient(readKubeconfig(kubeconfig));
  return startGalley(options.root, options.stateDir, { client, name: 'test', timings: TIMINGS });
}

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await kubernetes.kubectl(args, input);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}
const apply = (text: string) => kubectl(['apply', '-f', '-'], text);

const problems = (rig: GalleyRig, code: string) =>
  rig.pipeline.diagnostics().filter((found) => found.code === code);

/** A Galley takes in `kept` and `gone`; when it has ended, `gone` is deleted. */
async function leaveOneToDelete(stateDir: string): Promise<void> {
  const first = await start({ stateDir });
  await apply(`${virtualService('kept')}---\n${virtualService('gone')}`);
  await until(() => first.subset('kept') && first.subset('gone'));
  await first.stop();
  await kubectl(['delete', 'vs', 'gone']);
}

describeKubernetes('the Kubernetes source', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ users: [{ name: 'nobody' }] });
    account = await accountOf(kubernetes, 'galley');
  }, 180_000);
  afterEach(async () => {
    await stopGalleys();
    await kubernetes.kubectl(['delete', 'virtualservices', '--all']);
  });
  afterAll(() => kubernetes?.stop());

  it('waits for kinds that are not installed, and says so once', async () => {
    const rig = await start();
    expect(problems(rig, 'QT0013')).toMatchObject([
      {
        level: 'Warning',
        origin: { file: 'cluster/test' },
        message: expect.stringContaining('virtualservices'),
      },
    ]);
    await installDefinitions(kubernetes);
    await until(() => problems(rig, 'QT0013').length === 0, { timeout: 30_000 });
    await apply(virtualService('reviews'));
    await until(() => rig.subset('reviews') === 'v1');
  }, 120_000);

  it('follows what kubectl applies, edits and deletes; the origin is the cluster', async () => {
    const rig = await start();
    await apply(virtualService('reviews', 'v1'));
    await until(() => rig.subset('reviews') === 'v1');
    const stored = rig.writer.state.resources.get(key('reviews'))!;
    const version = await kubectl(['get', 'vs', 'reviews', '-o', 'jsonpath={.metadata.resourceVersion}']);
    expect(stored.origin).toEqual({ file: 'cluster/test', line: 0, resourceVersion: version });
    expect(stored.content).not.toContain('last-applied-configuration');
    await apply(virtualService('reviews', 'v2'));
    await until(() => rig.subset('reviews') === 'v2');
    await kubectl(['delete', 'vs', 'reviews']);
    await until(() => rig.subset('reviews') === undefined);
    expect(rig.commits.map(({ operations }) => operations.map(({ op }) => op))).toEqual([
      ['put'],
      ['put'],
      ['delete'],
    ]);
  });

  it('commits nothing where only the status or the managers of fields changed', async () => {
    const rig = await start();
    await apply(virtualService('reviews'));
    await until(() => rig.subset('reviews') === 'v1');
    const path = resourcePath(SERVICES, 'default', 'reviews');
    const status = { status: { conditions: [{ type: 'Accepted', status: 'True' }] } };
    await kubernetes.client.send('PATCH', `${path}/status`, { body: status, contentType: PATCH.merge });
    await kubernetes.kubectl(
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      virtualService('reviews'),
    );
    await apply(virtualService('later'));
    await until(() => rig.subset('later') === 'v1');
    expect(rig.commits.map(({ operations }) => operations.map(({ key: changed }) => changed))).toEqual([
      [key('reviews')],
      [key('later')],
    ]);
  });

  it('keeps the last good version of what became invalid, and says why', async () => {
    const rig = await start();
    await apply(virtualService('reviews'));
    await until(() => rig.subset('reviews') === 'v1');
    await apply(virtualService('reviews', 'v2').replace('hosts:\n  - reviews', 'hosts:\n  - "a b"'));
    const [found] = await until(() => {
      const all = problems(rig, 'IST0106');
      return all.length > 0 && all;
    });
    expect(found).toMatchObject({
      resource: key('reviews'),
      path: 'spec.hosts[0]',
      origin: { file: 'cluster/test', resourceVersion: expect.any(String) },
    });
    expect(rig.subset('reviews')).toBe('v1');
    await apply(virtualService('reviews', 'v3'));
    await until(() => rig.subset('reviews') === 'v3' && problems(rig, 'IST0106').length === 0);
  });

  it("reads the mesh's settings from their ConfigMap", async () => {
    const rig = await start();
    await kubectl([
      '-n',
      'istio-system',
      'create',
      'configmap',
      'istio',
      '--from-literal=mesh=connectTimeout: 3s',
    ]);
    await until(() => rig.writer.state.resources.get(MESH_CONFIG_KEY)?.content.includes('"3s"'));
    await kubectl(['-n', 'istio-system', 'create', 'configmap', 'other', '--from-literal=mesh=a: b']);
    await kubectl(['-n', 'istio-system', 'delete', 'configmap', 'istio']);
    await until(() => !rig.writer.state.resources.has(MESH_CONFIG_KEY));
  });

  it('lets files go before the cluster, and the cluster come back behind them', async () => {
    const root = tempDir('q-cfg-');
    const rig = await start({ root });
    await apply(virtualService('reviews', 'cluster'));
    await until(() => rig.subset('reviews') === 'cluster');
    writeFileSync(join(root, 'a.yaml'), virtualService('reviews', 'file'));
    await until(() => rig.subset('reviews') === 'file');
    expect(problems(rig, 'QT0003')).toMatchObject([
      {
        origin: { file: 'cluster/test' },
        message: `${key('reviews')} stands already in a.yaml:1, which stays`,
      },
    ]);
    writeFileSync(join(root, 'a.yaml'), virtualService('other', 'file'));
    await until(() => rig.subset('reviews') === 'cluster');
  });

  it('knows Services, so that naming one is no mistake', async () => {
    const rig = await start();
    await apply(virtualService('reviews').replace(/ +subset: v1\n/, ''));
    await until(() => problems(rig, 'IST0101').length === 1);
    await kubectl(['create', 'service', 'clusterip', 'reviews', '--tcp=80']);
    await until(() => problems(rig, 'IST0101').length === 0);
  });

  it('commits the difference only after a restart, deletions included', async () => {
    const stateDir = join(tempDir('q-gly-'), 'log');
    await leaveOneToDelete(stateDir);
    const second = await start({ stateDir });
    expect(second.commits.map(({ operations }) => operations)).toEqual([
      [{ op: 'delete', key: key('gone') }],
    ]);
    await second.stop();
    expect((await start({ stateDir })).commits).toEqual([]);
  });

  it('takes away what was deleted before it led, though nobody could be asked when it came to lead', async () => {
    const stateDir = join(tempDir('q-gly-'), 'log');
    await leaveOneToDelete(stateDir);
    const proxy = await startTcpProxy(kubernetes.port);
    proxy.set('closed');
    const server = `https://127.0.0.1:${proxy.port}`;
    const client = new KubeClient({ ...readKubeconfig(account), server });
    const nobody = { restored: new Map(), onCommit: () => undefined, log: silentLog };
    const pipeline = new Pipeline({ ...nobody, cluster: { client, name: 'test', timings: TIMINGS } });
    await pipeline.start();
    const connect = () => Promise.reject(new Error('no NATS here'));
    const writer = await ConfigLogWriter.open({ stateDir, connect });
    pipeline.lead(writer);
    proxy.set('open');
    await until(() => !writer.state.resources.has(key('gone')), { timeout: 60_000 });
    expect(writer.state.resources.has(key('kept'))).toBe(true);
    await pipeline.close();
    await writer.close();
    proxy.close();
  });

  it('says of each type that it may not watch it, and keeps what it knew', async () => {
    const stateDir = join(tempDir('q-gly-'), 'log');
    const allowed = await start({ stateDir });
    await apply(virtualService('reviews'));
    await until(() => allowed.subset('reviews') === 'v1');
    await allowed.stop();
    const rig = await start({ stateDir, user: 'nobody' });
    const refused = problems(rig, 'QT0008').map(({ message }) => message);
    expect(refused).toContainEqual(
      expect.stringMatching(/^virtualservices\.networking\.istio\.io cannot be watched/),
    );
    expect(new Set(refused).size).toBe(refused.length);
    expect(rig.subset('reviews')).toBe('v1');
    expect(rig.commits).toEqual([]);
  });
});

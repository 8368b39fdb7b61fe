import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { until } from '../until.js';
import { startKubernetes, type RunningKubernetes } from './cluster.js';
import { describeKubernetes } from './suite.js';

const CONTROLLERS = [
  'serviceaccount-controller',
  'endpointslice-controller',
  'namespace-controller',
  'garbage-collector-controller',
];

const MANIFESTS = `
apiVersion: v1
kind: Node
metadata: {name: a}
---
apiVersion: v1
kind: Namespace
metadata: {name: books}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: books}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80, targetPort: 8080}]
`;

const POD = `
apiVersion: v1
kind: Pod
metadata: {name: reviews-0, namespace: books, labels: {app: reviews}}
spec:
  nodeName: a
  containers: [{name: app, image: none}]
`;

const STATUS = JSON.stringify({
  status: {
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }],
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

let kubernetes: RunningKubernetes;

describeKubernetes('the Kubernetes rig', () => {
  beforeAll(async () => void (kubernetes = await startKubernetes({ controllers: CONTROLLERS })), 180_000);
  afterAll(() => kubernetes?.stop());

  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await kubernetes.kubectl(args, input);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };

  it('is the real thing: pods become endpoints, and go with their namespace', async () => {
    await kubectl(['apply', '-f', '-'], MANIFESTS);
    await until(() => kubectl(['-n', 'books', 'get', 'serviceaccount', 'default']), { timeout: 30_000 });
    await kubectl(['apply', '-f', '-'], POD);
    await kubectl(['-n', 'books', 'patch', 'pod', 'reviews-0', '--subresource=status', '-p', STATUS]);
    const slices = ['-n', 'books', 'get', 'endpointslices', '-o', 'jsonpath={..endpoints..addresses}'];
    await until(async () => (await kubectl(slices)) === '["10.1.0.1"]', { timeout: 30_000 });
    // There is no kubelet that would see it off.
    await kubectl(['-n', 'books', 'delete', 'pod', 'reviews-0', '--force', '--grace-period=0']);
    await kubectl(['delete', 'namespace', 'books', '--wait=false']);
    const services = ['-n', 'books', 'get', 'services', '-o', 'name'];
    await until(async () => (await kubectl(services)) === '', { timeout: 30_000 });
  }, 120_000);

  it('gives tokens to service accounts, and keeps what it had over a restart', async () => {
    await kubectl(['create', 'configmap', 'kept']);
    await kubernetes.stopApiServer('SIGKILL');
    await kubernetes.startApiServer();
    expect(await kubectl(['get', 'configmap', 'kept', '-o', 'name'])).toBe('configmap/kept\n');
    const token = await kubectl(['create', 'token', 'default', '--audience', 'istio-ca']);
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sub: string };
    expect(claims.sub).toBe('system:serviceaccount:default:default');
  }, 120_000);
});

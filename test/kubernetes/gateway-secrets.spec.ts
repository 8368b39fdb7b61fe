import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import type { TlsIdentity } from '#common/identity';
import {
  describeKubernetes,
  freeAddress,
  freePorts,
  quartet,
  spawnProcess,
  startControlPlane,
  startKubernetes,
  tempDir,
  until,
} from '#common/testing';
import type { RunningControlPlane, RunningKubernetes, SpawnedProcess } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { startAgent } from '../support/agent.js';
import { askTls, handshake } from '../support/tls-client.js';
import { accountOf, accountWithout } from './support/accounts.js';
import { needsProvenBy } from './support/needs.js';

jest.setTimeout(120_000);

const HOST = 'shop.example.com';
const ROOT = join(packageRoot(), 'dist/apps');

let kubernetes: RunningKubernetes;
let plane: RunningControlPlane;
let pilot: SpawnedProcess;
let address: string;
let http: string;
let ca: TestCa;
let port: number;
let account: string;
const state = tempDir('q-pilot-');

const config = (): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: edge}
spec:
  selector: {istio: gateway}
  servers:
  - port: {number: ${port}, name: https, protocol: HTTPS}
    hosts: ["*"]
    tls: {mode: SIMPLE, credentialName: web}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: edge}
spec:
  hosts: ["*"]
  gateways: [web]
  http: [{directResponse: {status: 200, body: {string: hello}}}]
`;

/** What Istio's own gateways come with: leave to read the Secrets of their namespace. */
const ROLE = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: gateway-sds, namespace: edge}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get, watch, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: gateway-sds, namespace: edge}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gateway-sds}
subjects: [{kind: ServiceAccount, name: gateway, namespace: edge}]
`;

async function apply(text: string): Promise<void> {
  const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], text);
  if (code !== 0) throw new Error(stderr);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function putSecret({
  certChain,
  privateKey,
}: Pick<TlsIdentity, 'certChain' | 'privateKey'>): Promise<void> {
  const data = `{tls.crt: ${base64(certChain)}, tls.key: ${base64(privateKey)}}`;
  await apply(
    `{apiVersion: v1, kind: Secret, type: kubernetes.io/tls, metadata: {name: web, namespace: edge}, data: ${data}}`,
  );
}

const issue = (): Promise<TlsIdentity> => ca.issue([{ type: 'dns', value: HOST }]);
const ask = (): Promise<string> => askTls(port, HOST, { ca: ca.roots });

async function shown(): Promise<string> {
  const socket = await handshake(port, { servername: HOST, rejectUnauthorized: false });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

interface Credentials {
  readonly secrets: readonly {
    readonly name: string;
    readonly problems: readonly { readonly message: string }[];
  }[];
  readonly asked: readonly { readonly name: string; readonly answer: string }[];
}

const page = async (): Promise<Credentials> =>
  (await (await fetch(`http://${http}/debug/credentialz`)).json()) as Credentials;
const answer = async (): Promise<string | undefined> => (await page()).asked[0]?.answer;

/** What stands in the files of a folder, as it is. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
}

/** A Pilot that proves itself to the control plane, and is in the cluster with what it may do there and no more. */
async function startPilot(): Promise<void> {
  const owner = ['--namespace', 'istio-system', '--service-account', 'istio-pilot-service-account'];
  const token = join(state, 'token');
  const { stdout } = await quartet('token', 'create', ...owner, '--state', plane.state);
  writeFileSync(token, stdout.trim(), { mode: 0o600 });
  pilot = spawnProcess(process.execPath, [
    ...[join(ROOT, 'pilot/src/main.js'), '--http', http, '--xds-tls', address, '--state', state],
    ...['--nats', plane.nats, '--nats-nkey', join(plane.state, 'nats/pilot.nk')],
    ...['--citadel', plane.citadel.grpc, '--root', plane.citadel.rootCert, '--token-file', token],
    ...['--kubeconfig', account, '--secret-namespaces', 'istio-system,edge', '--log-level', 'warn'],
  ]);
  await until(async () => (await fetch(`http://${http}/readyz`)).ok, {
    what: 'Pilot to be ready',
    timeout: 60_000,
  });
}

describeKubernetes('gateways with Secrets of a cluster', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await kubernetes.kubectl(['create', 'namespace', 'edge']);
    account = await accountOf(kubernetes, 'pilot');
    const { stdout } = await quartet(
      'manifest',
      'generate',
      '--component',
      'pilot',
      '--secret-namespaces',
      'edge',
    );
    await apply(stdout);
    ca = await TestCa.create('CN=shop');
    [port = 0] = await freePorts(1);
    [address, http] = [await freeAddress(), await freeAddress()];
    const folder = tempDir('q-cfg-');
    writeFileSync(join(folder, 'mesh.yaml'), config());
    plane = await startControlPlane({ config: folder, args: ['--only', 'galley,citadel'] });
    await startPilot();
    const options = { namespace: 'edge', serviceAccount: 'gateway', name: 'gw', type: 'router' } as const;
    const pilotOfMesh = { ...plane, pilot: { xds: '', xdsTls: address, http } };
    await startAgent(pilotOfMesh, { ...options, labels: 'istio=gateway' });
  }, 240_000);
  afterAll(async () => {
    await pilot?.stop();
    await plane?.process.stop();
    await kubernetes?.stop();
  });

  it('gives a gateway nothing that its service account may not read', async () => {
    await putSecret(await issue());
    const refused = 'refused: its service account may not list the Secrets of namespace edge';
    await until(async () => (await answer()) === refused, { what: 'the refusal' });
    await expect(handshake(port, { servername: HOST, rejectUnauthorized: false })).rejects.toThrow();
  });

  it('gives it what it may read, and follows changes without an end to open connections', async () => {
    await apply(ROLE);
    await until(async () => (await ask()) === '200 hello', { what: 'the gateway to serve', timeout: 60_000 });
    const open = await handshake(port, { ca: ca.roots, servername: HOST });
    const before = await shown();
    await putSecret(await issue());
    await until(async () => (await shown()) !== before, { what: 'the new certificate' });
    open.write(`GET / HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`);
    const answered = await new Promise<Buffer>((resolve) => open.once('data', resolve));
    open.destroy();
    expect(answered.toString()).toContain('200 OK');
  });

  it('keeps the last good content of a Secret that is broken, and says what is wrong', async () => {
    const [before, good] = [await shown(), await issue()];
    await putSecret({ certChain: good.certChain, privateKey: (await issue()).privateKey });
    const problem = async (): Promise<string | undefined> =>
      (await page()).secrets.find(({ name }) => name === 'web')?.problems[0]?.message;
    await until(async () => (await problem()) === 'not the key of the certificate in tls.crt');
    expect(await shown()).toBe(before);
    await putSecret(good);
    await until(async () => (await shown()) !== before, { what: 'the repaired certificate' });
  });

  it('writes nothing of a Secret to its disk, log or pages', async () => {
    const key = (
      await kubernetes.kubectl(['-n', 'edge', 'get', 'secret', 'web', '-o', 'jsonpath={.data.tls\\.key}'])
    ).stdout;
    const pem = Buffer.from(key, 'base64').toString();
    const [, canary = ''] = pem.split('\n');
    expect(canary.length).toBeGreaterThan(40);
    const pages = [
      'credentialz',
      'syncz',
      'cachez',
      'adsz',
      'configz',
      'push_status',
      'config_dump?proxyID=gw.edge',
      'resourcesz?proxyID=gw.edge',
    ];
    const texts = await Promise.all(
      pages.map(async (path) => (await fetch(`http://${http}/debug/${path}`)).text()),
    );
    expect(texts.at(-2)).toContain('kubernetes://web');
    const seen = [...texts, pilot.logs(), ...filesIn(state)];
    const found = seen.filter((text) => text.includes(canary) || text.includes(key.slice(200, 240)));
    expect(found).toEqual([]);
  });

  it('takes nothing away while a Pilot that was started anew cannot read the cluster', async () => {
    const before = await shown();
    await pilot.stop();
    await kubernetes.stopApiServer();
    await startPilot();
    await until(async () => (await answer())?.startsWith('unknown'), {
      what: 'the gateway to come back',
      timeout: 60_000,
    });
    expect(await shown()).toBe(before);
    expect(await ask()).toBe('200 hello');
    await kubernetes.startApiServer();
    await until(async () => (await answer()) === 'given', {
      what: 'the Secrets to be known',
      timeout: 60_000,
    });
    expect(await shown()).toBe(before);
    await putSecret(await issue());
    await until(async () => (await shown()) !== before, { what: 'the new certificate', timeout: 60_000 });
  });

  it('says in one place which permission is missing', async () => {
    const { code } = await kubernetes.kubectl(['-n', 'edge', 'delete', 'rolebinding', 'istio-pilot-secrets']);
    expect(code).toBe(0);
    await pilot.stop();
    await startPilot();
    const detail = async (): Promise<string> => (await fetch(`http://${http}/debug/clusterz`)).text();
    await until(async () => (await detail()).includes('secrets of edge: a permission is missing'), {
      what: 'the diagnostic',
      timeout: 60_000,
    });
    expect(await ask()).toBe('200 hello');
  });

  it.each(needsProvenBy('reviews'))('says so where Pilot may not $text', async (need) => {
    await accountWithout(kubernetes, 'pilot', need);
    await pilot.stop();
    await startPilot();
    const [cluster] = await until(
      async () => {
        const clusters = (await (await fetch(`http://${http}/debug/clusterz`)).json()) as {
          detail: string;
        }[];
        return clusters[0]?.detail.includes(need.resource) ? clusters : undefined;
      },
      { what: 'the diagnostic', timeout: 60_000 },
    );
    const ofReviews = cluster!.detail.split('; ').filter((text) => !text.startsWith('secrets of edge: '));
    expect(ofReviews).toEqual([
      expect.stringMatching(
        /^subjectaccessreviews\.authorization\.k8s\.io: .*cannot create resource "subjectaccessreviews"/,
      ),
    ]);
    // What the gateway has it keeps.
    expect(await ask()).toBe('200 hello');
  });
});

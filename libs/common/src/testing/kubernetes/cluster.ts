import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeClient, parseKubeconfig } from '../../kube/index.js';
import { freePorts } from '../ports.js';
import { spawnProcess, type SpawnedProcess } from '../process.js';
import { tempDir } from '../temp-dir.js';
import { Hopeless, until } from '../until.js';
import { findKubernetes, type KubernetesProgram } from './assets.js';
import {
  kubeconfigText,
  makeCredentials,
  type KubernetesCredentials,
  type KubernetesUser,
} from './credentials.js';

export interface StartKubernetesOptions {
  /** People with tokens of their own, beside `admin`. */
  readonly users?: readonly KubernetesUser[];
  /**
   * Controllers of kube-controller-manager to run, such as `endpointslice-controller`. Without
   * `serviceaccount-controller` pods need no service account.
   */
  readonly controllers?: readonly string[];
  /** Further flags of kube-apiserver. */
  readonly flags?: readonly string[];
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real kube-apiserver on a real etcd. */
export interface RunningKubernetes {
  readonly url: string;
  readonly port: number;
  readonly credentials: KubernetesCredentials;
  /** As `admin`. */
  readonly client: KubeClient;
  readonly kubeconfig: string;
  /** The file of a kubeconfig for a user, by token. */
  kubeconfigOf(user: string): string;
  /** The same for a service account of `istio-system`, as the tokens of its pods would have it. */
  kubeconfigOfAccount(name: string): Promise<string>;
  /** The API server's process, which changes with each start. */
  apiServer(): SpawnedProcess;
  /** Ends the API server; etcd keeps what it had. SIGKILL where `signal` says so. */
  stopApiServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again, at the same address. */
  startApiServer(): Promise<void>;
  /** Runs kubectl as `admin`; `input` goes to its standard input. */
  kubectl(args: readonly string[], input?: string): Promise<KubectlResult>;
  /** Runs helm as `admin`. */
  helm(args: readonly string[]): Promise<KubectlResult>;
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 120_000;

/** Starts etcd and kube-apiserver, and returns when the API is served. */
export async function startKubernetes(options: StartKubernetesOptions = {}): Promise<RunningKubernetes> {
  const folder = tempDir('q-k8s-');
  const [etcdPort = 0, port = 0] = await freePorts(2);
  const credentials = await makeCredentials(folder, options.users ?? []);
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigOf = (user: string): string => {
    const file = join(folder, `${user}.kubeconfig`);
    const token = credentials.tokens.get(user);
    if (token === undefined) throw new Error(`there is no user ${user}`);
    writeFileSync(file, kubeconfigText(url, credentials.ca, { token }), { mode: 0o600 });
    return file;
  };
  const kubeconfig = kubeconfigOf('admin');
  const admin = { token: credentials.tokens.get('admin') };
  const client = new KubeClient(parseKubeconfig(kubeconfigText(url, credentials.ca, admin), folder));
  const etcd = startEtcd(folder, etcdPort);
  const args = apiServerArgs({ folder, port, etcdPort, credentials, options });
  let server: SpawnedProcess | undefined;
  const startApiServer = async (): Promise<void> => {
    server = spawnProcess(programOf('kube-apiserver'), args);
    await untilServed(client, server, etcd);
  };
  await startApiServer();
  const controllers =
    options.controllers && startControllers(folder, kubeconfig, credentials, options.controllers);
  return {
    url,
    port,
    credentials,
    client,
    kubeconfig,
    kubeconfigOf,
    kubeconfigOfAccount: async (name) => {
      const path = `/api/v1/namespaces/istio-system/serviceaccounts/${name}/token`;
      const body = { spec: { expirationSeconds: 3600 } };
      const answer = await client.send<{ readonly status: { readonly token: string } }>('POST', path, {
        body,
      });
      const file = join(folder, `${name}.kubeconfig`);
      writeFileSync(file, kubeconfigText(url, credentials.ca, { token: answer.body.status.token }), {
        mode: 0o600,
      });
      return file;
    },
    apiServer: () => server!,
    stopApiServer: async (signal = 'SIGTERM') =>
      signal === 'SIGKILL' ? server?.kill() : server?.stop(20_000),
    startApiServer,
    kubectl: (kubectlArgs, input) => {
      const cache = join(folder, 'kubectl');
      mkdirSync(cache, { recursive: true });
      return run('kubectl', ['--kubeconfig', kubeconfig, '--cache-dir', cache, ...kubectlArgs], input);
    },
    helm: (helmArgs) => helm(['--kubeconfig', kubeconfig, ...helmArgs], folder),
    stop: async () => {
      client.close();
      for (const process of [controllers, server, etcd]) await process?.kill();
    },
  };
}

function programOf(program: KubernetesProgram): string {
  const path = findKubernetes(program);
  if (path === undefined) throw new Error(`there is no ${program}: 'node tools/kubernetes.mjs' gets it`);
  return path;
}

function startEtcd(folder: string, port: number): SpawnedProcess {
  const address = `http://127.0.0.1:${port}`;
  return spawnProcess(programOf('etcd'), [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
    ...['--listen-client-urls', address, '--advertise-client-urls', address],
    ...['--listen-peer-urls', 'http://127.0.0.1:0'],
  ]);
}

interface ApiServerSetup {
  readonly folder: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly credentials: KubernetesCredentials;
  readonly options: StartKubernetesOptions;
}

function apiServerArgs({ folder, port, etcdPort, credentials, options }: ApiServerSetup): string[] {
  const { caFile, certFile, keyFile, tokenFile, accountKeyFile } = credentials;
  const accounts = options.controllers?.includes('serviceaccount-controller') ?? false;
  return [
    ...['--etcd-servers', `http://127.0.0.1:${etcdPort}`],
    ...['--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--secure-port', String(port)],
    ...['--cert-dir', join(folder, 'certs'), '--tls-cert-file', certFile, '--tls-private-key-file', keyFile],
    ...['--client-ca-file', caFile, '--token-auth-file', tokenFile, '--authorization-mode', 'RBAC'],
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-key-file', accountKeyFile, '--service-account-signing-key-file', accountKeyFile],
    ...['--service-cluster-ip-range', '10.96.0.0/16', '--allow-privileged'],
    ...(accounts ? [] : ['--disable-admission-plugins', 'ServiceAccount']),
    // Endpoints of the API server itself: nobody here wants them, and they cost a lease in etcd.
    ...['--endpoint-reconciler-type', 'none'],
    ...(options.flags ?? []),
  ];
}

async function untilServed(client: KubeClient, server: SpawnedProcess, etcd: SpawnedProcess): Promise<void> {
  const ready = async (): Promise<boolean> => {
    for (const process of [server, etcd])
      if (!process.running()) throw new Hopeless(`${process.name} ended:\n${process.logs().slice(-4_000)}`);
    await client.get('/api/v1/namespaces/default');
    return true;
  };
  await until(ready, { what: 'kube-apiserver', timeout: READY_LIMIT_MS, interval: 50 });
}

function startControllers(
  folder: string,
  kubeconfig: string,
  { caFile, accountKeyFile }: KubernetesCredentials,
  controllers: readonly string[],
): SpawnedProcess {
  return spawnProcess(programOf('kube-controller-manager'), [
    ...['--kubeconfig', kubeconfig, '--controllers', controllers.join(','), '--leader-elect=false'],
    ...['--root-ca-file', caFile, '--service-account-private-key-file', accountKeyFile],
    ...['--bind-address', '127.0.0.1', '--secure-port', '0', '--cert-dir', join(folder, 'controllers')],
    // The discovery cache and other state of its own stay in the folder that goes with the test.
    ...['--use-service-account-credentials=false'],
  ]);
}

/** Runs helm, which keeps what it remembers in a folder of the caller's. */
export async function helm(args: readonly string[], folder: string): Promise<KubectlResult> {
  const env = Object.fromEntries(
    ['CACHE', 'CONFIG', 'DATA'].map((name) => [
      `HELM_${name}_HOME`,
      join(folder, 'helm', name.toLowerCase()),
    ]),
  );
  return run('helm', args, '', { ...process.env, ...env });
}

async function run(
  program: KubernetesProgram,
  args: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = process.env,
): Promise<KubectlResult> {
  const child = spawn(programOf(program), args, { env });
  child.stdin.on('error', () => undefined).end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (status) => resolve(status ?? 1));
  });
  return { code, stdout, stderr };
}

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** Bytes that a configuration holds itself, or the file that has them and may change. */
export type Material = { readonly data: Buffer } | { readonly file: string };

/** A program that prints a credential. @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Who asks: whatever of these is set is sent. */
export interface UserConfig {
  readonly token?: Material;
  readonly certificate?: Material;
  readonly key?: Material;
  readonly basic?: string;
  readonly exec?: ExecPlugin;
}

/** One API server, and as whom it is asked. */
export interface ClusterConfig {
  readonly server: string;
  readonly ca?: Material;
  readonly serverName?: string;
  readonly insecure: boolean;
  /** Where a resource without one is looked for. */
  readonly namespace: string;
  readonly user: UserConfig;
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server of the pod that this process runs in. @throws where it runs in none */
export function inCluster(env: NodeJS.ProcessEnv, account = ACCOUNT): ClusterConfig {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) throw new Error('not in a pod: KUBERNETES_SERVICE_HOST is not set');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: { file: `${account}/ca.crt` },
    insecure: false,
    namespace: readFileSync(`${account}/namespace`, 'utf8').trim(),
    user: { token: { file: `${account}/token` } },
  };
}

/**
 * Reads a kubeconfig and picks a context, by default the current one.
 *
 * @throws with what is missing in it
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
export function readKubeconfig(file: string, context?: string): ClusterConfig {
  try {
    return parseKubeconfig(readFileSync(file, 'utf8'), dirname(resolve(file)), context);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** The same for a text; relative paths in it start from `folder`. */
export function parseKubeconfig(text: string, folder: string, context?: string): ClusterConfig {
  const config = fields(parse(text), 'this is no kubeconfig');
  const wanted = context ?? config['current-context'];
  if (typeof wanted !== 'string' || wanted === '') throw new Error('no current-context');
  const chosen = member(config, 'contexts', 'context', wanted);
  const cluster = member(config, 'clusters', 'cluster', string(chosen.cluster) ?? '');
  const userName = string(chosen.user);
  const user = userName === undefined ? {} : member(config, 'users', 'user', userName);
  return {
    ...readCluster(cluster, folder),
    namespace: string(chosen.namespace) ?? 'default',
    user: readUser(user, folder),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readCluster(cluster: Fields, folder: string): Omit<ClusterConfig, 'namespace' | 'user'> {
  const server = string(cluster.server);
  if (server === undefined || !/^https?:\/\//.test(server)) throw new Error('clusters: server is no URL');
  const ca = material(cluster, 'certificate-authority', folder);
  const serverName = string(cluster['tls-server-name']);
  return {
    server: server.replace(/\/+$/, ''),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    ...(ca && { ca }),
    ...(serverName && { serverName }),
  };
}

function readUser(user: Fields, folder: string): UserConfig {
  if (user['auth-provider']) throw new Error('users: auth-provider is gone from Kubernetes: use exec');
  const { username, password, exec } = user;
  const token = string(user.token);
  const tokenFile = string(user.tokenFile);
  const certificate = material(user, 'client-certificate', folder);
  const key = material(user, 'client-key', folder);
  return {
    ...(token !== undefined && { token: { data: Buffer.from(token) } }),
    ...(tokenFile !== undefined && { token: { file: resolve(folder, tokenFile) } }),
    ...(certificate && { certificate }),
    ...(key && { key }),
    ...(typeof username === 'string' && { basic: `${username}:${string(password) ?? ''}` }),
    ...(exec !== undefined && exec !== null && { exec: readExec(fields(exec, 'exec'), folder) }),
  };
}

function readExec(exec: Fields, folder: string): ExecPlugin {
  const command = string(exec.command);
  if (command === undefined) throw new Error('users: exec.command is missing');
  const env = list(exec.env).map((entry) => fields(entry, 'exec.env'));
  return {
    apiVersion: string(exec.apiVersion) ?? 'client.authentication.k8s.io/v1',
    command: command.includes('/') ? resolve(folder, command) : command,
    args: list(exec.args).map(String),
    env: Object.fromEntries(env.map(({ name, value }) => [String(name), String(value)])),
    cwd: folder,
  };
}

/** `<name>-data` in base64 goes before `<name>`, a path. */
function material(from: Fields, name: string, folder: string): Material | undefined {
  const data = string(from[`${name}-data`]);
  if (data !== undefined) return { data: Buffer.from(data, 'base64') };
  const file = string(from[name]);
  return file === undefined ? undefined : { file: resolve(folder, file) };
}

function member(config: Fields, section: string, field: string, name: string): Fields {
  const found = list(config[section]).find((entry) => fields(entry, section).name === name);
  if (found === undefined) throw new Error(`${section}: there is no ${JSON.stringify(name)}`);
  return fields((found as Fields)[field] ?? {}, `${section}: ${name}`);
}

function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what}: not an object`);
  return value as Fields;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

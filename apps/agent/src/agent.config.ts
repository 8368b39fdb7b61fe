import { homedir } from 'node:os';
import { join } from 'node:path';
import { flag, FlagError, parseDuration, parseFlags, type Address } from '#common/flags';
import {
  atLeastOne,
  checked,
  identityName,
  ipAddress,
  labelList,
  oneOf,
  optional,
  port,
  trustDomainName,
} from './flag-values.js';
import type { LogLevel } from './log.js';
import type { OwnProxyConfig } from './proxy-config.js';
import { asEnvironment, parseProxyConfig } from './proxy-config.js';
import type { ProxyType } from './bootstrap/node.js';

/** Istio's ports of a proxy, taken where the status port is Istio's own too. */
const ISTIO_STATUS_PORT = 15020;
const ISTIO_READINESS_PORT = 15021;
const ISTIO_PROMETHEUS_PORT = 15090;

/** Everything an agent is told. Paths are as given, durations in milliseconds. */
export interface AgentOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly name: string;
  /** The proxy's own IP address. */
  readonly address: string;
  readonly type: ProxyType;
  readonly labels: ReadonlyMap<string, string>;
  readonly trustDomain: string;
  readonly interceptionMode: 'NONE';
  readonly xds: Address;
  /** Speak to Pilot without TLS and identity; for a plaintext xDS port. */
  readonly xdsPlaintext: boolean;
  readonly ca: Address;
  /** PEM file with the mesh's roots. */
  readonly root: string;
  /** File with the credential that proves this workload to Citadel. */
  readonly tokenFile: string;
  readonly ttl: number | undefined;
  /** 0 asks the system for a free port, here and below. */
  readonly statusPort: number;
  readonly adminPort: number;
  /** Envoy's own readiness listener; undefined: none. */
  readonly readinessPort: number | undefined;
  /** Envoy's own Prometheus listener; undefined: none. */
  readonly prometheusPort: number | undefined;
  readonly httpProxyPort: number | undefined;
  readonly state: string;
  readonly envoy: string | undefined;
  readonly concurrency: number;
  readonly drainDuration: number;
  /** What the proxy has of its own to say about how it is set up. */
  readonly proxyConfig: OwnProxyConfig | undefined;
  readonly logLevel: LogLevel;
  readonly envoyLogLevel: string;
  /** Ask Pilot what EnvoyFilters change of the bootstrap before Envoy starts. */
  readonly bootstrapXds: boolean;
  /** Print one JSON line on stdout when ready. */
  readonly json: boolean;
  /** End when the IPC channel, or stdin, to the process that started this one closes. */
  readonly exitWithParent: boolean;
  /** Program and arguments of the application; empty where the agent runs none. */
  readonly app: readonly string[];
}

const FLAGS = {
  namespace: checked('namespace of the workload', identityName),
  serviceAccount: checked('service account of the workload', identityName),
  name: checked('name of the workload, which is also the name of its WorkloadEntry', identityName),
  address: checked('IP address of the workload', ipAddress),
  type: checked('sidecar or router', oneOf('sidecar', 'router'), 'sidecar'),
  labels: checked('labels as KEY=VALUE,...', labelList, ''),
  trustDomain: checked('trust domain of the mesh', trustDomainName, 'cluster.local'),
  interceptionMode: checked('NONE: applications name the proxy', oneOf('NONE'), 'NONE'),
  xds: flag.address("Pilot's xDS address"),
  xdsPlaintext: flag.toggle('speak to Pilot without TLS'),
  ca: flag.address("Citadel's address"),
  root: flag.text('PEM file with the roots of the mesh'),
  tokenFile: flag.text('file with the token that proves this workload'),
  ttl: optional('wished-for lifetime of the certificate', parseDuration),
  statusPort: checked('port of /healthz/ready and /stats/prometheus', port, String(ISTIO_STATUS_PORT)),
  adminPort: checked("port of Envoy's admin interface", port, '15000'),
  readinessPort: optional("port of Envoy's readiness listener", port),
  prometheusPort: optional("port of Envoy's Prometheus listener", port),
  httpProxyPort: optional("port of the mesh's HTTP proxy listener", port),
  state: flag.optional('private folder for certificate, bootstrap and socket'),
  envoy: flag.optional('Envoy executable'),
  concurrency: checked('worker threads of Envoy', atLeastOne, '1'),
  drainDuration: flag.duration('longest time that open connections get at the end', '5s'),
  proxyConfig: optional("the proxy's own ProxyConfig, as JSON", parseProxyConfig),
  logLevel: checked('debug, info, warn or error', oneOf('debug', 'info', 'warn', 'error'), 'info'),
  envoyLogLevel: checked(
    "level of Envoy's log",
    oneOf('trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'),
    'warning',
  ),
  bootstrapXds: flag.toggle('let EnvoyFilters patch the bootstrap: Envoy starts when Pilot has been asked'),
  json: flag.toggle('print one JSON line when ready'),
  exitWithParent: flag.toggle('end when the IPC channel or stdin closes'),
};

/**
 * Reads the command line of `quartet agent`; what follows `--` is the application's own. A flag may also come as an
 * environment variable QUARTET_NAME.
 *
 * @throws FlagError with all problems at once.
 */
export function parseAgentOptions(argv: readonly string[], env: NodeJS.ProcessEnv): AgentOptions {
  const separator = argv.indexOf('--');
  const own = separator === -1 ? argv : argv.slice(0, separator);
  const app = separator === -1 ? [] : argv.slice(separator + 1);
  const values = parseFlags(FLAGS, own, withProxyConfig(own, env));
  if (separator !== -1 && app.length === 0) throw new FlagError(['-- wants a program behind it']);
  const istioPorts = values.statusPort === ISTIO_STATUS_PORT;
  return {
    ...values,
    readinessPort: values.readinessPort ?? (istioPorts ? ISTIO_READINESS_PORT : undefined),
    prometheusPort: values.prometheusPort ?? (istioPorts ? ISTIO_PROMETHEUS_PORT : undefined),
    state: values.state ?? defaultStateDir(values.namespace, values.name, env),
    app,
  };
}

/**
 * A ProxyConfig, by its flag or by Istio's own variable, also stands for other flags: those count that are not given.
 * One that cannot be read is left to the flag to complain of.
 */
function withProxyConfig(argv: readonly string[], env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = {
    ...(env.PROXY_CONFIG && { QUARTET_PROXY_CONFIG: env.PROXY_CONFIG }),
    ...(env.BOOTSTRAP_XDS_AGENT && { QUARTET_BOOTSTRAP_XDS: env.BOOTSTRAP_XDS_AGENT }),
    ...env,
  };
  try {
    const { proxyConfig } = parseFlags({ proxyConfig: FLAGS.proxyConfig }, proxyConfigOnly(argv), named);
    return proxyConfig ? { ...asEnvironment(proxyConfig), ...named } : named;
  } catch {
    return named;
  }
}

function proxyConfigOnly(argv: readonly string[]): string[] {
  const at = argv.lastIndexOf('--proxy-config');
  if (at >= 0) return argv.slice(at, at + 2);
  return argv.filter((argument) => argument.startsWith('--proxy-config=')).slice(-1);
}

/** The user's state folder; a workload finds its certificate there again after a restart. */
function defaultStateDir(namespace: string, name: string, env: NodeJS.ProcessEnv): string {
  const base = env.XDG_STATE_HOME || join(homedir(), '.local/state');
  return join(base, 'quartet/agent', `${namespace}.${name}`);
}

/** One line per flag, for `--help`. */
export function agentUsage(): string {
  const rows = Object.entries(FLAGS).map(([name, { help }]) => `  --${kebab(name).padEnd(20)} ${help}`);
  return ['usage: quartet agent FLAGS [-- PROGRAM ARGUMENTS...]', ...rows].join('\n');
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

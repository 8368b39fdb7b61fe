import { hostname } from 'node:os';
import {
  COMMON_FLAGS,
  FlagError,
  flag,
  formatAddress,
  parseFlags,
  type Address,
  type FlagValues,
} from '#common/flags';
import { inCluster, readKubeconfig, type ClusterConfig } from '#common/kube';
import { natsCredential, type NatsCredential } from '#common/nats';
import { isTrustDomain } from '#common/identity';
import { ANY_NAMESPACE } from './model/credential.js';
import type { RemovalLimits } from './registries/removal-hold.js';
import { MIXER_BY_NAME, type Switches } from './world/view.js';

const FLAGS = {
  ...COMMON_FLAGS,
  http: flag.address('where /healthz, /readyz, /metrics and /debug are served', '127.0.0.1:8080'),
  xds: flag.optionalAddress('plaintext xDS, for proxies on this host only (15010)'),
  xdsTls: flag.optionalAddress('xDS over TLS, for proxies that prove who they are (15012)'),
  citadel: flag.optionalAddress('Citadel, which certifies this Pilot'),
  root: flag.optional('file with the root certificate of the mesh'),
  tokenFile: flag.optional('file with the token that proves this Pilot to Citadel'),
  mixer: flag.optionalAddress('Mixer as proxies reach it; without it they are told of none'),
  mixerByName: flag.toggle('proxies reach Mixer by the names that MeshConfig gives it'),
  trustDomain: flag.text('trust domain of all identities', 'cluster.local'),
  redisFilter: flag.toggle('read Redis, not only carry it (PILOT_ENABLE_REDIS_FILTER)'),
  http10: flag.toggle('take HTTP/1.0 from every application (PILOT_HTTP10)'),
  httpOn443: flag.toggle('let services speak plain HTTP on port 443 (PILOT_BLOCK_HTTP_ON_443=false)'),
  dualStack: flag.toggle('listen on both families where a proxy has both (ISTIO_DUAL_STACK)'),
  kubeconfig: flag.optional('kubeconfig of the cluster with the services'),
  kubeContext: flag.optional('context of the kubeconfig; by default its current one'),
  inCluster: flag.toggle('find the services of the cluster that this pod runs in'),
  clusterId: flag.text('what proxies call the cluster, in CLUSTER_ID', 'Kubernetes'),
  secrets: flag.optional(
    'folder with the secrets that credentialName names: NAMESPACE/NAME/tls.crt, tls.key, ca.crt',
  ),
  secretNamespaces: flag.text(
    "namespaces of the cluster whose gateways get Secrets; '*' for all",
    'istio-system',
  ),
  podName: flag.text('name of this replica', hostname()),
  maxStreams: flag.text('proxies that this replica serves at most', '10000'),
  maxConnectionAge: flag.duration('proxies are asked to connect anew after about this time', '30m'),
  sendTimeout: flag.duration('a proxy that does not read or answer for so long is cut off', '30s'),
  warmingTimeout: flag.duration('longest time that routes wait for a new cluster', '5s'),
  massRemoval: flag.text(
    "percent of a service's endpoints from one registry: if more go at once they stay for a while; 0 for never",
    '50',
  ),
  massRemovalMinimum: flag.text('services with fewer endpoints may lose them at once', '5'),
  massRemovalHold: flag.duration('for how long endpoints stay that went at once', '60s'),
};

/** Where Pilot's own certificate comes from. */
export interface IdentityConfig {
  readonly citadel: string;
  readonly root: string;
  readonly tokenFile: string;
}

/** Pilot's settings. Times are in milliseconds, addresses `HOST:PORT`. */
export interface PilotConfig {
  readonly http: Address;
  readonly nats: NatsCredential;
  readonly state: string;
  readonly logLevel: string;
  readonly debugTokenFile?: string | undefined;
  readonly xds: string | undefined;
  readonly xdsTls: { readonly bind: string; readonly identity: IdentityConfig } | undefined;
  readonly mixer: string | undefined;
  readonly trustDomain: string;
  readonly switches: Switches;
  /** Where services are found beside the config, if anywhere. */
  readonly kubernetes:
    | {
        readonly cluster: ClusterConfig;
        readonly clusterId: string;
        /** Where Secrets are read; `*` for everywhere. */
        readonly secretNamespaces: readonly string[];
      }
    | undefined;
  /** Folder with secrets, NAMESPACE/NAME/ENTRY. */
  readonly secrets: string | undefined;
  readonly podName: string;
  readonly maxStreams: number;
  readonly maxConnectionAge: number;
  readonly sendTimeout: number;
  readonly warmingTimeout: number;
  readonly removals: RemovalLimits;
}

/** Endpoints that go one after the other within this time went at once. */
const REMOVAL_WINDOW_MS = 10_000;

type Flags = FlagValues<typeof FLAGS>;

/** The only reader of flags and environment. Throws a FlagError with all problems at once. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): PilotConfig {
  const values = parseFlags(FLAGS, argv, env);
  const problems = problemsOf(values);
  if (problems.length > 0) throw new FlagError(problems);
  const { xds, mixer, mixerByName, maxStreams, redisFilter, http10, httpOn443, dualStack } = values;
  const { http, state, logLevel, trustDomain, podName, maxConnectionAge, sendTimeout, warmingTimeout } =
    values;
  return {
    ...{ http, state, logLevel, trustDomain, podName, maxConnectionAge, sendTimeout, warmingTimeout },
    debugTokenFile: values.debugTokenFile,
    secrets: values.secrets,
    nats: natsCredential(values),
    xds: xds && formatAddress(xds),
    xdsTls: tlsOf(values),
    mixer: mixerByName ? MIXER_BY_NAME : mixer && formatAddress(mixer),
    switches: { redisFilter, http10, httpOn443, dualStack },
    kubernetes: kubernetesOf(values, env),
    maxStreams: Number(maxStreams),
    removals: {
      share: Number(values.massRemoval) / 100,
      minimum: Number(values.massRemovalMinimum),
      windowMs: REMOVAL_WINDOW_MS,
      limitMs: values.massRemovalHold,
    },
  };
}

function tlsOf({ xdsTls, citadel, root, tokenFile }: Flags): PilotConfig['xdsTls'] {
  if (!xdsTls || !citadel || root === undefined || tokenFile === undefined) return undefined;
  return { bind: formatAddress(xdsTls), identity: { citadel: formatAddress(citadel), root, tokenFile } };
}

function kubernetesOf(values: Flags, env: NodeJS.ProcessEnv): PilotConfig['kubernetes'] {
  const { kubeconfig, kubeContext, inCluster: inPod, clusterId } = values;
  if (kubeconfig === undefined && !inPod) return undefined;
  try {
    const cluster = kubeconfig === undefined ? inCluster(env) : readKubeconfig(kubeconfig, kubeContext);
    return { cluster, clusterId, secretNamespaces: namespacesOf(values) };
  } catch (error) {
    throw new FlagError([(error as Error).message]);
  }
}

function namespacesOf({ secretNamespaces }: Flags): string[] {
  const stated = secretNamespaces.split(',').map((each) => each.trim());
  return [...new Set(stated.filter(Boolean))];
}

function problemsOf(values: Flags): string[] {
  const { xds, xdsTls, citadel, root, tokenFile, trustDomain, maxStreams, mixer, mixerByName } = values;
  const needs = (value: unknown, name: string) =>
    xdsTls && value === undefined ? [`--xds-tls needs --${name}`] : [];
  return [
    xds || xdsTls ? [] : ['one of --xds and --xds-tls is required'],
    ...[needs(citadel, 'citadel'), needs(root, 'root'), needs(tokenFile, 'token-file')],
    !xds || isLoopback(xds.host)
      ? []
      : [`--xds: '${xds.host}' is not a loopback address: nobody proves anything there`],
    mixer && mixerByName ? ['--mixer and --mixer-by-name exclude each other'] : [],
    isTrustDomain(trustDomain) ? [] : [`--trust-domain: '${trustDomain}' is not a trust domain`],
    /^(100|\d{1,2})$/.test(values.massRemoval)
      ? []
      : [`--mass-removal: '${values.massRemoval}' is not a number from 0 to 100`],
    /^\d{1,7}$/.test(values.massRemovalMinimum)
      ? []
      : [`--mass-removal-minimum: '${values.massRemovalMinimum}' is not a number`],
    namespacesOf(values).every((each) => each === ANY_NAMESPACE || NAMESPACE.test(each))
      ? []
      : [`--secret-namespaces: '${values.secretNamespaces}' is no list of namespaces`],
    /^[1-9]\d{0,6}$/.test(maxStreams) ? [] : [`--max-streams: '${maxStreams}' is not a number above 0`],
  ].flat();
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

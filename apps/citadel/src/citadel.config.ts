import { isTrustDomain } from '#common/identity';
import { COMMON_FLAGS, FlagError, flag, parseFlags, type Address, type FlagValues } from '#common/flags';
import { inCluster, readKubeconfig, type ClusterConfig } from '#common/kube';
import { natsCredential, type NatsCredential } from '#common/nats';

const FLAGS = {
  ...COMMON_FLAGS,
  grpc: flag.address('where certificates and tokens are issued, over TLS', '127.0.0.1:8060'),
  trustDomain: flag.text('trust domain of all identities', 'cluster.local'),
  workloadTtl: flag.duration('lifetime of a certificate whose request names none', '24h'),
  maxTtl: flag.duration('longest lifetime that a request may name', '2160h'),
  serverTtl: flag.duration("lifetime of Citadel's own certificate", '24h'),
  galleyHosts: flag.list("names and addresses of Galley's webhook beside those of its Service", ''),
  kubeconfig: flag.optional('kubeconfig of the cluster whose pods are certified, and that holds the root'),
  kubeContext: flag.optional('context of the kubeconfig; by default its current one'),
  inCluster: flag.toggle('the same for the cluster that this pod runs in'),
};

/** Citadel's settings. Durations are in milliseconds. */
export interface CitadelConfig {
  readonly http: Address;
  readonly grpc: Address;
  readonly nats: NatsCredential;
  readonly state: string;
  readonly logLevel: string;
  readonly debugTokenFile?: string | undefined;
  readonly trustDomain: string;
  readonly workloadTtl: number;
  readonly maxTtl: number;
  readonly serverTtl: number;
  readonly galleyHosts: readonly string[];
  /** The cluster that holds the root, and whose service accounts' tokens count. */
  readonly cluster?: ClusterConfig | undefined;
}

/** The only reader of flags and environment. Throws a FlagError with all problems at once. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): CitadelConfig {
  const values = parseFlags(FLAGS, argv, env);
  const problems = problemsOf(values);
  if (problems.length > 0) throw new FlagError(problems);
  return { ...values, nats: natsCredential(values), cluster: clusterOf(values, env) };
}

function clusterOf(
  { kubeconfig, kubeContext, inCluster: inPod }: FlagValues<typeof FLAGS>,
  env: NodeJS.ProcessEnv,
): ClusterConfig | undefined {
  try {
    if (kubeconfig !== undefined) return readKubeconfig(kubeconfig, kubeContext);
    return inPod ? inCluster(env) : undefined;
  } catch (error) {
    throw new FlagError([(error as Error).message]);
  }
}

function problemsOf({ trustDomain, workloadTtl, maxTtl, serverTtl }: FlagValues<typeof FLAGS>): string[] {
  return [
    isTrustDomain(trustDomain) ? [] : [`--trust-domain: '${trustDomain}' is not a trust domain`],
    workloadTtl <= maxTtl ? [] : ['--workload-ttl is above --max-ttl'],
    Math.min(workloadTtl, serverTtl) >= 1_000 ? [] : ['--workload-ttl and --server-ttl must be at least 1s'],
  ].flat();
}

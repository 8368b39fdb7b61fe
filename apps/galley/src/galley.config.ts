import { resolve } from 'node:path';
import { inCluster, readKubeconfig } from '#common/kube';
import type { ClusterConfig } from '#common/kube';
import { natsCredential, type NatsCredential } from '#common/nats';
import { COMMON_FLAGS, flag, FlagError, parseFlags } from '#common/service';
import type { FlagValues } from '#common/service';

const FLAGS = {
  ...COMMON_FLAGS,
  config: flag.optional('folder of YAML and JSON files with the mesh config'),
  kubeconfig: flag.optional('kubeconfig of a cluster with mesh config'),
  kubeContext: flag.optional('context of the kubeconfig; by default its current one'),
  inCluster: flag.toggle('read the mesh config of the cluster that this pod runs in'),
  clusterName: flag.text('name of the cluster in origins and diagnostics', 'Kubernetes'),
  lease: flag.optional(
    'NAMESPACE/NAME of the Lease by which one of several replicas is chosen; without it there is one Galley',
  ),
  logReplicas: flag.text('servers of a NATS cluster that hold the config log: 1, 3 or 5', '1'),
  revision: flag.optional('read the mesh settings of this revision, ConfigMap istio-<revision>'),
} as const;

export type GalleyConfig = Omit<
  FlagValues<typeof FLAGS>,
  'nats' | 'natsNkey' | 'natsTls' | 'logReplicas' | 'lease'
> & {
  readonly nats: NatsCredential;
  readonly logReplicas: number;
  readonly cluster: ClusterConfig | undefined;
  readonly lease: { readonly namespace: string; readonly name: string } | undefined;
};

/** The one place that reads the command line and the environment. @throws FlagError with all problems at once */
export function readGalleyConfig(argv: readonly string[], env: NodeJS.ProcessEnv): GalleyConfig {
  const values = parseFlags(FLAGS, argv, env);
  const { config, kubeconfig, inCluster, logReplicas } = values;
  if (!/^[135]$/.test(logReplicas))
    throw new FlagError([`--log-replicas: '${logReplicas}' is none of 1, 3 and 5`]);
  if (config === undefined && kubeconfig === undefined && !inCluster)
    throw new FlagError(['nothing to read config from: give --config, --kubeconfig or --in-cluster']);
  return {
    ...values,
    nats: natsCredential(values),
    logReplicas: Number(logReplicas),
    config: config === undefined ? undefined : resolve(config),
    cluster: readCluster(values, env),
    lease: readLease(values),
  };
}

function readLease({ lease, kubeconfig, inCluster: inPod }: FlagValues<typeof FLAGS>): GalleyConfig['lease'] {
  if (lease === undefined) return undefined;
  if (kubeconfig === undefined && !inPod) throw new FlagError(['--lease wants --kubeconfig or --in-cluster']);
  const [namespace = '', name = '', ...rest] = lease.split('/');
  if (namespace === '' || name === '' || rest.length > 0)
    throw new FlagError([`--lease: '${lease}' is not NAMESPACE/NAME`]);
  return { namespace, name };
}

function readCluster(
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

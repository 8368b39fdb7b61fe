import { resolve } from 'node:path';
import { inCluster, readKubeconfig } from '#common/kube';
import type { ClusterConfig } from '#common/kube';
import { natsCredential, type NatsCredential } from '#common/nats';
import type { IdentityFiles } from '#common/identity';
import { COMMON_FLAGS, flag, FlagError, parseFlags } from '#common/service';
import type { Address, FlagValues } from '#common/service';
import type { WebhookAddress } from './validate/webhook-configuration.js';

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
  writeStatus: flag.toggle("write what becomes of the cluster's resources into their status"),
  webhook: flag.optionalAddress(
    'where admission requests are answered over HTTPS; without it there is no webhook',
  ),
  webhookService: flag.optional(
    'NAMESPACE/NAME[:PORT] of the Service by which the API server reaches the webhook',
  ),
  webhookUrl: flag.optional('URL by which the API server reaches the webhook, instead of a Service'),
  webhookName: flag.text('name of the ValidatingWebhookConfiguration', 'istio-galley'),
  webhookCert: flag.optional(
    "file with the webhook's certificate, leaf first; without it Citadel issues one",
  ),
  webhookKey: flag.optional('file with its key'),
  citadel: flag.optionalAddress("where the webhook's certificate comes from"),
  root: flag.optional('file with the roots that Citadel, or the certificate in --webhook-cert, is known by'),
  tokenFile: flag.optional('file with the token that proves to Citadel who this is'),
  trustDomain: flag.text('trust domain of all identities', 'cluster.local'),
  logReplicas: flag.text('servers of a NATS cluster that hold the config log: 1, 3 or 5', '1'),
  revision: flag.optional('read the mesh settings of this revision, ConfigMap istio-<revision>'),
} as const;

type Own =
  | 'nats'
  | 'natsNkey'
  | 'natsTls'
  | 'logReplicas'
  | 'lease'
  | `webhook${string}`
  | 'citadel'
  | 'root'
  | 'tokenFile';

export type GalleyConfig = Omit<FlagValues<typeof FLAGS>, Own> & {
  readonly nats: NatsCredential;
  readonly logReplicas: number;
  readonly cluster: ClusterConfig | undefined;
  readonly lease: { readonly namespace: string; readonly name: string } | undefined;
  readonly webhook: WebhookConfig | undefined;
};

/** How admission requests are answered. */
export interface WebhookConfig {
  readonly bind: Address;
  readonly name: string;
  readonly address: WebhookAddress;
  readonly ownNamespace: string;
  readonly certificate:
    | IdentityFiles
    | {
        readonly citadel: Address;
        readonly rootFile: string;
        readonly tokenFile: string;
        readonly trustDomain: string;
      };
}

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
    webhook: readWebhook(values),
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

function readWebhook(values: FlagValues<typeof FLAGS>): WebhookConfig | undefined {
  const { webhook: bind, webhookName, revision, kubeconfig, inCluster: inPod } = values;
  if (!bind) return undefined;
  if (kubeconfig === undefined && !inPod)
    throw new FlagError(['--webhook wants --kubeconfig or --in-cluster']);
  const address = webhookAddress(values);
  return {
    bind,
    name: revision === undefined ? webhookName : `${webhookName}-${revision}`,
    address,
    ownNamespace: 'service' in address ? address.service.namespace : 'istio-system',
    certificate: webhookCertificate(values),
  };
}

function webhookAddress({ webhookService, webhookUrl }: FlagValues<typeof FLAGS>): WebhookAddress {
  if (webhookUrl !== undefined) {
    if (!/^https:\/\/[^/]+$/.test(webhookUrl))
      throw new FlagError(['--webhook-url is not https://HOST:PORT']);
    return { url: webhookUrl };
  }
  const [, namespace, name, port = '443'] =
    /^([^/:]+)\/([^/:]+)(?::(\d+))?$/.exec(webhookService ?? '') ?? [];
  if (namespace === undefined || name === undefined)
    throw new FlagError(['--webhook wants --webhook-service NAMESPACE/NAME[:PORT] or --webhook-url']);
  return { service: { namespace, name, port: Number(port) } };
}

function webhookCertificate(values: FlagValues<typeof FLAGS>): WebhookConfig['certificate'] {
  const { webhookCert: certificate, webhookKey: key, citadel, root, tokenFile, trustDomain } = values;
  if (root !== undefined && certificate !== undefined && key !== undefined)
    return { certificate, key, roots: root };
  if (root !== undefined && citadel && tokenFile !== undefined)
    return { citadel, rootFile: root, tokenFile, trustDomain };
  throw new FlagError([
    '--webhook wants --root, and either --webhook-cert and --webhook-key or --citadel and --token-file',
  ]);
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

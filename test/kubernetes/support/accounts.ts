import { parseAllDocuments } from 'yaml';
import { isConflict, PATCH, resourcePath, type Rule } from '#common/kube';
import { quartet, until, type RunningKubernetes } from '#common/testing';

const NAMESPACE = 'istio-system';

/** What a service may do, in the words of RBAC; `status` of a resource is `RESOURCE/status`. */
export interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Of one object alone. */
  readonly name?: string;
}

/**
 * Lets a service have what it needs in a cluster, and no more; the kubeconfig that it is to be started with. What its
 * first requests need may be granted a moment later: the API server hears of roles as everybody does.
 */
export async function accountOf(kubernetes: RunningKubernetes, service: string): Promise<string> {
  return accountWith(kubernetes, nameOf(service), await manifestsOf(service));
}

/**
 * The same, but for one thing: the API server refuses that already, and grants the rest.
 *
 * @param name of the account and its roles; by default the service's own, which then lack it as well
 */
export async function accountWithout(
  kubernetes: RunningKubernetes,
  service: string,
  permission: Permission,
  name = nameOf(service),
): Promise<string> {
  const fewer = (await manifestsOf(service)).map(({ rules, ...rest }) => ({
    ...rest,
    ...(rules && { rules: rules.flatMap((rule) => without(rule, permission)) }),
  }));
  const kubeconfig = await accountWith(kubernetes, name, renamed(fewer, nameOf(service), name));
  const rest = fewer.flatMap(({ rules }) => rules?.slice(0, 1) ?? []).map(samplePermission);
  const isInForce = async (): Promise<boolean> => {
    const answers = await Promise.all([permission, ...rest].map((each) => isAllowed(kubernetes, name, each)));
    return answers.every((allowed, at) => allowed === at > 0);
  };
  await until(isInForce, { what: `${permission.verb} ${permission.resource} to be refused` });
  return kubeconfig;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
}

const generated = new Map<string, Promise<Manifest[]>>();

function manifestsOf(service: string): Promise<Manifest[]> {
  const manifests = generated.get(service) ?? generate(service);
  generated.set(service, manifests);
  return manifests;
}

async function generate(service: string): Promise<Manifest[]> {
  const { stdout } = await quartet('manifest', 'generate', '--component', service);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}

function renamed(manifests: readonly Manifest[], from: string, to: string): Manifest[] {
  return JSON.parse(JSON.stringify(manifests).replaceAll(from, to)) as Manifest[];
}

async function accountWith(
  kubernetes: RunningKubernetes,
  name: string,
  manifests: readonly Manifest[],
): Promise<string> {
  const { client } = kubernetes;
  await client
    .send('POST', '/api/v1/namespaces', { body: { metadata: { name: NAMESPACE } } })
    .catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  const query = { fieldManager: 'test', force: true };
  for (const body of manifests)
    await client.send('PATCH', pathOf(body), { body, contentType: PATCH.apply, query });
  return kubernetes.kubeconfigOfAccount(accountName(name));
}

function pathOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return resourcePath({ group, version, plural: `${kind.toLowerCase()}s` }, namespace, name);
}

/** Something that a rule allows. */
function samplePermission({ apiGroups, resources, verbs, resourceNames }: Rule): Permission {
  const [group = '', resource = '', verb = ''] = [apiGroups[0], resources[0], verbs[0]];
  return { verb, group, resource, ...(resourceNames?.[0] !== undefined && { name: resourceNames[0] }) };
}

/** The rule without that, if it has it: two rules where other verbs or resources stay. */
function without(rule: Rule, { verb, group, resource }: Permission): Rule[] {
  const has = rule.apiGroups.includes(group) && rule.resources.includes(resource);
  if (!has || !rule.verbs.includes(verb)) return [rule];
  const others = { ...rule, resources: rule.resources.filter((name) => name !== resource) };
  const rest = { ...rule, resources: [resource], verbs: rule.verbs.filter((name) => name !== verb) };
  return [others, rest].filter(({ resources, verbs }) => resources.length > 0 && verbs.length > 0);
}

async function isAllowed(
  { client }: RunningKubernetes,
  account: string,
  { verb, group, resource: path, name }: Permission,
): Promise<boolean> {
  const [resource = '', subresource] = path.split('/');
  const resourceAttributes = { namespace: NAMESPACE, verb, group, resource, subresource, name };
  const user = `system:serviceaccount:${NAMESPACE}:${accountName(account)}`;
  const { body } = await client.send<{ status: { allowed: boolean } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    { body: { spec: { user, resourceAttributes } } },
  );
  return body.status.allowed;
}

function nameOf(service: string): string {
  return `istio-${service}`;
}

function accountName(name: string): string {
  return `${name}-service-account`;
}

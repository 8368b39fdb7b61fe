import { MESH_TYPES } from '#config';

/** Where the API server reaches Galley: a Service, or a URL from outside the cluster. */
export type WebhookAddress =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } }
  | { readonly url: string };

export interface WebhookSettings {
  readonly name: string;
  readonly address: WebhookAddress;
  /** PEM. */
  readonly roots: string;
  /** What the API server does with a request where Galley does not answer. */
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** Galley's own namespace: whatever happens to Galley, everything can be done there. */
  readonly ownNamespace: string;
}

export const VALIDATE_PATH = '/validate';
export const READY_PATH = '/ready';
const TIMEOUT_SECONDS = 5;
const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';
const ROOT_NAMESPACE = 'istio-system';

/** @see https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/validating-webhook-configuration-v1/ */
export function webhookConfiguration(settings: WebhookSettings): object {
  const { name, ownNamespace: own, failurePolicy } = settings;
  const suffix = 'validation.galley.istio.io';
  const inOwn = (operator: 'In' | 'NotIn', namespace = own): object => ({
    matchExpressions: [{ key: NAMESPACE_LABEL, operator, values: [namespace] }],
  });
  const hook = (prefix: string, rest: object): object => ({
    ...common(settings),
    name: prefix + suffix,
    ...rest,
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name, labels: { app: 'galley', 'app.kubernetes.io/name': 'quartet' } },
    webhooks: [
      hook('', { namespaceSelector: inOwn('NotIn'), failurePolicy, rules: meshRules('*') }),
      hook('own.', {
        namespaceSelector: inOwn('In'),
        failurePolicy: 'Ignore',
        rules: meshRules('Namespaced'),
      }),
      hook('mesh.', {
        namespaceSelector: inOwn('In', ROOT_NAMESPACE),
        failurePolicy: 'Ignore',
        rules: [rule('', ['configmaps'], 'Namespaced')],
        matchConditions: [
          {
            name: 'mesh-settings',
            expression: 'request.name == "istio" || request.name.startsWith("istio-")',
          },
        ],
      }),
    ],
  };
}

function common({ address, roots }: WebhookSettings): object {
  const clientConfig =
    'url' in address
      ? { url: address.url + VALIDATE_PATH }
      : { service: { ...address.service, path: VALIDATE_PATH } };
  return {
    clientConfig: { ...clientConfig, caBundle: Buffer.from(roots).toString('base64') },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: TIMEOUT_SECONDS,
    // All versions are listed: none has to be converted for us.
    matchPolicy: 'Exact',
  };
}

function meshRules(scope: '*' | 'Namespaced'): object[] {
  const groups = [...new Set(MESH_TYPES.map(({ group }) => group))].sort();
  return groups.map((group) => {
    const plurals = MESH_TYPES.filter((type) => type.group === group).map(({ plural }) => plural);
    return rule(group, plurals.sort(), scope);
  });
}

function rule(group: string, resources: readonly string[], scope: '*' | 'Namespaced'): object {
  return { operations: ['CREATE', 'UPDATE'], apiGroups: [group], apiVersions: ['*'], resources, scope };
}

/**
 * An object that every API server would store and Galley refuses: asked for with `dryRun`, the answer shows whether
 * the API server reaches Galley.
 */
export function provocation(namespace: string): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'quartet-admission-probe', namespace },
    spec: { hosts: ['not a host'] },
  };
}

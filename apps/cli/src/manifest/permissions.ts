import { CITADEL_PERMISSIONS } from '#app/citadel';
import { GALLEY_PERMISSIONS } from '#app/galley';
import { ANY_NAMESPACE, PILOT_PERMISSIONS, SECRETS_RULE } from '#app/pilot';
import type { Permissions } from '#common/kube';

/** What each service may do in its cluster; Mixer has nothing to do there. */
export const PERMISSIONS: Readonly<Record<string, Permissions>> = {
  pilot: PILOT_PERMISSIONS,
  citadel: CITADEL_PERMISSIONS,
  galley: GALLEY_PERMISSIONS,
};

const NAMESPACE = 'istio-system';
const RBAC = 'rbac.authorization.k8s.io';

/** The service account of a service, with exactly these permissions. */
export function serviceAccount(service: string, { cluster, own }: Permissions): object[] {
  const account = { name: `istio-${service}-service-account`, namespace: NAMESPACE };
  const name = `istio-${service}`;
  // Names of what belongs to no namespace say of which installation it is.
  const everywhere = `${name}-${NAMESPACE}`;
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
    { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: everywhere }, rules: cluster },
    binding('ClusterRole', { name: everywhere }, account),
    { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace: NAMESPACE }, rules: own },
    binding('Role', { name, namespace: NAMESPACE }, account),
  ];
}

/** Lets Pilot give the gateways of these namespaces, or of all (`*`), their Secrets. */
export function gatewaySecrets(namespaces: readonly string[]): object[] {
  const account = { name: 'istio-pilot-service-account', namespace: NAMESPACE };
  const rules = [SECRETS_RULE];
  if (namespaces.includes(ANY_NAMESPACE)) {
    const metadata = { name: `istio-pilot-secrets-${NAMESPACE}` };
    return [
      { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata, rules },
      binding('ClusterRole', metadata, account),
    ];
  }
  return namespaces.flatMap((namespace) => {
    const metadata = { name: 'istio-pilot-secrets', namespace };
    return [{ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules }, binding('Role', metadata, account)];
  });
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
}

function binding(kind: string, metadata: Metadata, account: Metadata): object {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: `${kind}Binding`,
    metadata,
    roleRef: { apiGroup: RBAC, kind, name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  };
}

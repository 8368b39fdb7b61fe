/** What a cluster's statistics may be called after. */
export interface StatNameParts {
  readonly host: string;
  readonly namespace: string;
  readonly port: number;
  readonly portName: string;
  readonly targetPort: number;
  readonly subset: string;
}

/**
 * Fills in a pattern such as `%SERVICE%_%SERVICE_PORT%`.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig
 */
export function statName(pattern: string, parts: StatNameParts): string {
  const { host, namespace, port, portName, targetPort, subset } = parts;
  const [name = ''] = host.split('.');
  const values = new Map([
    ['SERVICE', shortHost(host, name, namespace)],
    ['SERVICE_NAME', name],
    ['SERVICE_FQDN', host],
    ['SERVICE_PORT', String(port)],
    ['SERVICE_PORT_NAME', portName],
    ['SERVICE_TARGET_PORT', String(targetPort)],
    ['TARGET_PORT', String(targetPort)],
    ['SUBSET_NAME', subset],
  ]);
  return pattern.replace(/%([A-Z_]+)%/g, (whole, part: string) => values.get(part) ?? whole);
}

/** `reviews.default` for a service of the mesh's own domain; hosts of the outside have no short form. */
function shortHost(host: string, name: string, namespace: string): string {
  return host.startsWith(`${name}.${namespace}.svc.`) ? `${name}.${namespace}` : host;
}

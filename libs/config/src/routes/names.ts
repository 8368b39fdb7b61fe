/** The gateway that stands for all sidecars. */
export const MESH_GATEWAY = 'mesh';

/** Short names are completed with the namespace of the resource that uses them, as in Kubernetes. */
const CLUSTER_DOMAIN = 'svc.cluster.local';

/** `reviews` in full, `reviews.<namespace>.svc.cluster.local`; a name with a dot is full, and so is an address. */
export function fullHostName(host: string, namespace: string): string {
  return /[.:]/.test(host) || host === '*' ? host : `${host}.${namespace}.${CLUSTER_DOMAIN}`;
}

/**
 * Gateways as `namespace/name`: a name alone is one of its own namespace, `./name` as well, and the old
 * `name.namespace[.svc.cluster.local]` says its own. None at all is the mesh.
 */
export function gatewayNames(gateways: readonly string[] | undefined, namespace: string): string[] {
  return gateways?.length ? gateways.map((name) => gatewayName(name, namespace)) : [MESH_GATEWAY];
}

function gatewayName(name: string, namespace: string): string {
  if (name === MESH_GATEWAY) return name;
  if (name.startsWith('./')) return `${namespace}${name.slice(1)}`;
  if (name.includes('/')) return name;
  const [first = '', second] = name.split('.');
  return second === undefined ? `${namespace}/${name}` : `${second}/${first}`;
}

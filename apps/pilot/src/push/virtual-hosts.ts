/**
 * Virtual host discovery names a host `<route>/<virtual host>`. A response holds the hosts of one route: Envoy rejects
 * a response whole, and should one route's table be bad the others are not to suffer.
 */
export function routeOf(virtualHostName: string): string {
  const slash = virtualHostName.indexOf('/');
  return slash < 0 ? virtualHostName : virtualHostName.slice(0, slash);
}

/**
 * A name that no host has. Its removal releases a listener that waits for the hosts of a route without any: an empty
 * response does not.
 */
export function noHost(route: string): string {
  return `${route}/__none__`;
}

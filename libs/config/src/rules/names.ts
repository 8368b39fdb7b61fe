import type { Scope } from '../problem.js';
import { isDnsLabel, isDnsSubdomain, isWildcardHost } from './text.js';

/** `mesh`, `name`, `namespace/name`, or the old full name `name.namespace.svc.cluster.local`. */
export function checkGatewayNames(gateways: readonly string[] | undefined, scope: Scope): void {
  gateways?.forEach((gateway, index) => {
    const [name = '', namespace, ...rest] = gateway.split('/').reverse();
    const namespaceIsFine = namespace === undefined || namespace === '.' || isDnsLabel(namespace);
    if (rest.length > 0 || !namespaceIsFine || !isDnsSubdomain(name)) {
      scope.at(index).error(`invalid gateway name ${JSON.stringify(gateway)}`);
    }
  });
}

/** `namespace/dnsName`: namespace may be `*`, `.` and, where `none` says so, `~`. */
export function checkScopedHost(
  host: string,
  scope: Scope,
  options: { namespace: 'required' | 'optional'; none?: boolean },
): void {
  const [name = '', namespace, ...rest] = host.split('/').reverse();
  if (rest.length > 0) return scope.error(`invalid host ${JSON.stringify(host)}: more than one /`);
  if (namespace === undefined) {
    if (options.namespace === 'required')
      return scope.error(`${JSON.stringify(host)} must be of the form namespace/dnsName`);
  } else if (
    !['*', '.'].includes(namespace) &&
    !(options.none && namespace === '~') &&
    !isDnsLabel(namespace)
  ) {
    return scope.error(`invalid namespace ${JSON.stringify(namespace)}`);
  }
  if (!isWildcardHost(name)) scope.error(`invalid host ${JSON.stringify(name)}`);
}

import type { SpiffeId } from '#common/identity';
import { Status, statusError } from '#common/grpc';
import { provenAs } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';

/** Who may connect where: over TLS whoever proves an identity, in clear anybody on the loopback address. */
export type Caller =
  { readonly transport: 'plaintext' } | { readonly transport: 'tls'; readonly id: SpiffeId | undefined };

/**
 * A proxy is who its certificate says. What a node claims of itself decides what config it gets, so the claim has to
 * agree with the proof. Returns the proxy with what it proved. Throws PERMISSION_DENIED or UNAUTHENTICATED.
 */
export function authorise(caller: Caller, proxy: Proxy, trustDomain: string): Proxy {
  if (caller.transport === 'plaintext') return proxy;
  const { id } = caller;
  if (!id) throw statusError(Status.UNAUTHENTICATED, 'a client certificate with a SPIFFE ID is required');
  const claims = [
    [id.trustDomain, trustDomain, 'trust domain'],
    [id.namespace, proxy.namespace, 'namespace'],
    [id.serviceAccount, proxy.serviceAccount || id.serviceAccount, 'service account'],
  ] as const;
  for (const [proven, claimed, what] of claims) {
    if (proven === claimed) continue;
    const words = `the certificate is of ${what} '${proven}', the node claims '${claimed.slice(0, 100)}'`;
    throw statusError(Status.PERMISSION_DENIED, words);
  }
  return provenAs(proxy, id);
}

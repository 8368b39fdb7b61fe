const SCHEME = 'spiffe://';
const SHAPE = /^([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/;

/** Mixer's form of an identity, `cluster.local/ns/default/sa/reviews`: a SPIFFE ID without its scheme. */
export function principalOf(uri: string | null | undefined): string | undefined {
  return uri?.startsWith(SCHEME) ? uri.slice(SCHEME.length) : undefined;
}

/** Namespace and service account of a principal; undefined for one that is not of Istio's form. */
export function principalParts(
  principal: string,
): { readonly namespace: string; readonly serviceAccount: string } | undefined {
  const [, , namespace, serviceAccount] = SHAPE.exec(principal) ?? [];
  return namespace === undefined || serviceAccount === undefined ? undefined : { namespace, serviceAccount };
}

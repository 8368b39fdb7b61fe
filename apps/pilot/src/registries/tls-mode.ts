import type { Endpoint } from '../model/service.js';

/** The label by which an injector says that a workload's sidecar takes Istio's mTLS. */
export const TLS_MODE_LABEL = 'security.istio.io/tlsMode';

/** As in Istio: the label decides; `byDefault` counts without it. */
export function tlsModeOf(
  labels: Readonly<Record<string, string>>,
  byDefault: Endpoint['tlsMode'],
): Endpoint['tlsMode'] {
  const label = labels[TLS_MODE_LABEL];
  if (label === undefined) return byDefault;
  return label === 'istio' ? 'istio' : 'disabled';
}

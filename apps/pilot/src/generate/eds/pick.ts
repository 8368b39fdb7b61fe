import type { WorldView } from '../../model/contract.js';
import type { Endpoint, ServicePort } from '../../model/service.js';
import { endpointPort } from '../../model/service.js';

/** An endpoint as one port of a cluster shows it. */
export interface EndpointPick {
  readonly address: string;
  readonly port: number;
  readonly locality: string;
  readonly weight: number;
  readonly mtls: boolean;
  /** Set where labels decide which endpoints are preferred: the smaller, the more so. */
  readonly rank?: number;
}

/** Those that serve the port. An endpoint takes mTLS if it has a sidecar and no policy of its workload turns it off there. */
export function pickEndpoints(
  view: WorldView,
  endpoints: readonly Endpoint[],
  port: ServicePort,
  rankOf?: (endpoint: Endpoint) => number,
): EndpointPick[] {
  return endpoints.flatMap((endpoint) => {
    const { address, locality, weight, tlsMode, namespace, labels } = endpoint;
    const number = endpointPort(endpoint, port);
    if (number === undefined) return [];
    const mtls = tlsMode === 'istio' && view.mtls(namespace, labels, number).mode !== 'DISABLE';
    const rank = rankOf && { rank: rankOf(endpoint) };
    return [{ address, port: number, locality, weight, mtls, ...rank }];
  });
}

import type { envoy } from '#common/proto/envoy';
import { address } from '../common/address.js';
import { struct } from '../common/proto.js';
import { wrapped } from '../common/values.js';
import type { EndpointPick } from './pick.js';

type ClusterLoadAssignment = envoy.config.endpoint.v3.ClusterLoadAssignment.$Properties;
type LbEndpoint = envoy.config.endpoint.v3.LbEndpoint.$Properties;

/** Endpoints by locality, in the order of their names so that equal sets have equal bytes. */
export function loadAssignment(
  clusterName: string,
  endpoints: readonly EndpointPick[],
): ClusterLoadAssignment {
  const byLocality = new Map<string, EndpointPick[]>();
  for (const endpoint of endpoints) {
    byLocality.set(endpoint.locality, [...(byLocality.get(endpoint.locality) ?? []), endpoint]);
  }
  const localities = [...byLocality].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    clusterName,
    endpoints: localities.map(([locality, members]) => ({
      locality: localityOf(locality),
      lbEndpoints: members.map(lbEndpoint),
      loadBalancingWeight: { value: members.reduce((sum, { weight }) => sum + (weight || 1), 0) },
    })),
  };
}

function localityOf(text: string): envoy.config.core.v3.Locality.$Properties {
  const [region = '', zone = '', subZone = ''] = text.split('/');
  return { region, zone, subZone };
}

function lbEndpoint({ address: host, port, weight, mtls }: EndpointPick): LbEndpoint {
  return {
    endpoint: { address: address(host, port) },
    loadBalancingWeight: wrapped(weight || 1),
    ...(mtls && {
      metadata: { filterMetadata: { 'envoy.transport_socket_match': struct({ tlsMode: 'istio' }) } },
    }),
  };
}

import { envoy } from '#common/proto/envoy';

/**
 * To the application at the address that a captured connection was meant for.
 *
 * @param ipv6 whether the proxy has no other addresses
 */
export function originalDestination(ipv6: boolean): envoy.config.cluster.v3.Cluster.$Properties {
  const { DiscoveryType, LbPolicy } = envoy.config.cluster.v3.Cluster;
  return {
    type: DiscoveryType.ORIGINAL_DST,
    lbPolicy: LbPolicy.CLUSTER_PROVIDED,
    // From this source address the capture rules let traffic through to the application.
    upstreamBindConfig: { sourceAddress: { address: ipv6 ? '::6' : '127.0.0.6', portValue: 0 } },
  };
}

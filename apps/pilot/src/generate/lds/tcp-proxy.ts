import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;

/** Carries bytes to a cluster; its statistics are named after it. */
export function tcpProxy(cluster: string): Filter {
  const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any(TcpProxy, { statPrefix: cluster, cluster }),
  };
}

import { envoy } from '#common/proto/envoy';
import { any } from '../common/proto.js';
import type { TcpPolicy } from './tcp-policy.js';
import { tcpOptions } from './tcp-policy.js';

type Filter = envoy.config.listener.v3.Filter.$Properties;

/** Carries bytes to a cluster, as the rule for it says; its statistics are named after it. */
export function tcpProxy(cluster: string, policies: readonly TcpPolicy[] = []): Filter {
  const { TcpProxy } = envoy.extensions.filters.network.tcp_proxy.v3;
  const policy = policies.find((each) => each.cluster === cluster);
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any(TcpProxy, { statPrefix: cluster, cluster, ...(policy && tcpOptions(policy)) }),
  };
}

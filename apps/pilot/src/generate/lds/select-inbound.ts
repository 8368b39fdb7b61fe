import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { isHttp } from '../../model/service.js';
import { workloadLabels } from '../../registries/static/endpoints.js';
import type { InboundPort } from '../common/inbound.js';
import { inboundPorts } from '../common/inbound.js';
import { INBOUND_PASSTHROUGH, VIRTUAL_INBOUND, inboundCluster, listenerName } from '../common/names.js';
import { pickTrust } from '../common/tls-parameters.js';
import type { InboundChainPick } from './inbound-chains.js';
import type { InboundListenerPick, VirtualInboundPick } from './listeners.js';
import { inboundAttributes } from './mixer-attributes.js';
import { pickCheck } from './mixer-check.js';
import { pickCommonHttp } from './select-http.js';

/** Ports with a listener of their own. */
export function boundInbound(view: WorldView, proxy: Proxy): InboundPort[] {
  return inboundPorts(view, proxy).filter(({ bind }) => bind !== '');
}

export function pickInboundListener(
  view: WorldView,
  proxy: Proxy,
  name: string,
): InboundListenerPick | undefined {
  const inbound = boundInbound(view, proxy).find(({ bind, port }) => listenerName(bind, port) === name);
  if (!inbound) return undefined;
  const { chain, sources } = pickChain(view, proxy, inbound);
  return { sort: 'inbound', name, address: inbound.bind, port: inbound.port, chain, sources };
}

export function pickVirtualInbound(view: WorldView, proxy: Proxy): VirtualInboundPick {
  const captured = inboundPorts(view, proxy).filter(({ bind }) => bind === '');
  const picked = captured.map((inbound) => pickChain(view, proxy, inbound));
  const { mode, sources } = view.mtls(proxy.namespace, labelsOf(view, proxy), 0);
  return {
    sort: 'virtual-inbound',
    name: VIRTUAL_INBOUND,
    address: '0.0.0.0',
    port: view.mesh().proxyInboundListenPort,
    chains: picked.map(({ chain }) => chain),
    passthrough: {
      port: 0,
      cluster: INBOUND_PASSTHROUGH,
      mode,
      trustDomain: view.mesh().trustDomain,
      ...pickTrust(view),
    },
    transparent: proxy.interceptionMode === 'TPROXY',
    sources: [...sources, ...picked.flatMap((each) => each.sources)],
  };
}

interface PickedChain {
  readonly chain: InboundChainPick;
  readonly sources: readonly ResourceKey[];
}

function pickChain(view: WorldView, proxy: Proxy, inbound: InboundPort): PickedChain {
  const { mode, sources } = view.mtls(proxy.namespace, labelsOf(view, proxy), inbound.port);
  const cluster = inboundCluster(inbound.port);
  const tls = mode === 'DISABLE' ? inbound.tls : undefined;
  const { trustDomain, tlsDefaults } = view.mesh();
  const attributes = inboundAttributes(proxy, inbound.service);
  const http = {
    statPrefix: `inbound_0.0.0.0_${inbound.port}`,
    route: { cluster, port: inbound.port },
    ...pickCommonHttp(view, proxy, 'inbound', attributes),
    ...pickCheck(view, attributes),
    ...(tls && { foreignClients: true }),
  } as const;
  return {
    chain: {
      port: inbound.port,
      cluster,
      ...(isHttp(tls?.protocol ?? inbound.protocol) && { http }),
      mode,
      ...(tls && { tls: tls.settings }),
      ...(tls && tlsDefaults && { tlsDefaults }),
      trustDomain,
      ...pickTrust(view),
    },
    sources: [...inbound.sources, ...sources],
  };
}

/** Policies select by the workload's labels; a proxy without a known workload has those that it states. */
function labelsOf(view: WorldView, proxy: Proxy): Readonly<Record<string, string>> {
  const [workload] = view.workloads(proxy);
  return workload ? workloadLabels(workload) : proxy.labels;
}

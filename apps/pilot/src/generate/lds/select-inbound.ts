import type { ResourceKey } from '#config';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { mayBeHttp } from '../../model/service.js';
import type { InboundPort } from '../common/inbound.js';
import { inboundPorts } from '../common/inbound.js';
import { INBOUND_PASSTHROUGH, VIRTUAL_INBOUND, inboundCluster, listenerName } from '../common/names.js';
import { anyAddress, moreAnyAddresses } from '../common/own-addresses.js';
import { pickTrust } from '../common/tls-parameters.js';
import type { InboundChainPick } from './inbound-chains.js';
import type { InboundListenerPick, VirtualInboundPick } from './listeners.js';
import { inboundAttributes } from './mixer-attributes.js';
import { pickCheck } from './mixer-check.js';
import { pickCommonHttp } from './select-http.js';
import { readDialect } from './select-l4.js';
import { limitsOf } from './tcp-policy.js';

/** Ports with a listener of their own. */
export function boundInbound(view: WorldView, proxy: Proxy): InboundPort[] {
  // What is captured arrives at the common listener: then nobody has to ask what the workload serves.
  if (proxy.interceptionMode !== 'NONE' && !view.sidecar(proxy)?.spec.ingress?.length) return [];
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
  const detectionTimeout = view.mesh().protocolDetectionTimeout;
  return {
    sort: 'inbound',
    name,
    address: inbound.bind,
    port: inbound.port,
    chain,
    detectionTimeout,
    sources,
  };
}

export function pickVirtualInbound(view: WorldView, proxy: Proxy): VirtualInboundPick {
  const captured = inboundPorts(view, proxy).filter(({ bind }) => bind === '');
  const picked = captured.map((inbound) => pickChain(view, proxy, inbound));
  const passthrough = pickPassthrough(view, proxy);
  return {
    sort: 'virtual-inbound',
    name: VIRTUAL_INBOUND,
    address: anyAddress(proxy),
    ...moreAnyAddresses(view, proxy),
    port: view.mesh().proxyInboundListenPort,
    chains: picked.map(({ chain }) => chain),
    passthrough: passthrough.chain,
    detectionTimeout: view.mesh().protocolDetectionTimeout,
    transparent: proxy.interceptionMode === 'TPROXY',
    sources: [...passthrough.sources, ...picked.flatMap((each) => each.sources)],
  };
}

/** Ports that no service has: whatever comes there goes to where it was meant to go. */
function pickPassthrough(view: WorldView, proxy: Proxy): PickedChain {
  const { mode, sources } = view.mtls(proxy.namespace, workloadLabelsOf(view, proxy), 0);
  const attributes = inboundAttributes(proxy, undefined);
  const http = {
    statPrefix: INBOUND_PASSTHROUGH,
    route: { cluster: INBOUND_PASSTHROUGH, port: 0 },
    ...pickCommonHttp(view, proxy, 'inbound', attributes),
    ...pickCheck(view, attributes),
  };
  const { trustDomain } = view.mesh();
  const shared = { port: 0, cluster: INBOUND_PASSTHROUGH, http, sniffed: true, mode, trustDomain };
  return { chain: { ...shared, ...pickTrust(view) }, sources };
}

interface PickedChain {
  readonly chain: InboundChainPick;
  readonly sources: readonly ResourceKey[];
}

function pickChain(view: WorldView, proxy: Proxy, inbound: InboundPort): PickedChain {
  const { mode, sources } = view.mtls(proxy.namespace, workloadLabelsOf(view, proxy), inbound.port);
  const cluster = inboundCluster(inbound.port);
  const tls = mode === 'DISABLE' ? inbound.tls : undefined;
  const { trustDomain, tlsDefaults } = view.mesh();
  const attributes = inboundAttributes(proxy, inbound.service);
  const dialect = readDialect(view, inbound.dialect);
  const http = {
    statPrefix: `inbound_0.0.0.0_${inbound.port}`,
    route: { cluster, port: inbound.port },
    ...pickCommonHttp(view, proxy, 'inbound', attributes),
    ...pickCheck(view, attributes),
    ...(tls && { foreignClients: true }),
    ...(dialect === 'GRPC_WEB' && { grpcWeb: true }),
  } as const;
  return {
    chain: {
      port: inbound.port,
      cluster,
      ...(mayBeHttp(tls?.protocol ?? inbound.protocol) && { http }),
      ...(!tls && inbound.protocol === 'AUTO' && { sniffed: true }),
      ...(dialect && { dialect }),
      ...(inbound.connectionPool && { limits: limitsOf(cluster, inbound.connectionPool) }),
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
export function workloadLabelsOf(view: WorldView, proxy: Proxy): Readonly<Record<string, string>> {
  const [workload] = view.workloads(proxy);
  return workload?.labels ?? proxy.labels;
}

import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import type { Generator, Inputs, WorldView } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { anyAddress } from '../common/own-addresses.js';
import { outboundListeners } from '../common/outbound-listeners.js';
import { ownEgress } from '../common/own-egress.js';
import { VIRTUAL_INBOUND, VIRTUAL_OUTBOUND, listenerName } from '../common/names.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import { listener } from './listener.js';
import type { ListenerSettings } from './listener-settings.js';
import { pickListenerSettings, withSettings } from './listener-settings.js';
import type { ListenerPick } from './listeners.js';
import { pickGatewayListener } from './select-gateway.js';
import { boundInbound, pickInboundListener, pickVirtualInbound } from './select-inbound.js';
import { pickOwnEgress } from './select-egress.js';
import {
  httpProxyListener,
  pickHttpProxyListener,
  pickOutbound,
  pickVirtualOutbound,
} from './select-outbound.js';

type ListenerInputs = ListenerPick &
  Inputs & {
    readonly settings: ListenerSettings;
    /** What says how the traffic is logged and traced. */
    readonly telemetry: readonly ResourceKey[];
  };

const INBOUND: ReadonlySet<ListenerPick['sort']> = new Set(['inbound', 'virtual-inbound']);

/** Listeners: from the application, to it, and at the edge of the mesh. */
export const listenerGenerator: Generator<ListenerInputs> = {
  type: TYPE.listener,

  names: (view, proxy) => [
    ...new Set(
      proxy.type === 'router' ? view.gatewayTable(proxy).listeners.keys() : sidecarNames(view, proxy),
    ),
  ],

  select(view, proxy, name) {
    const pick =
      proxy.type === 'router' ? pickGatewayListener(view, proxy, name) : pickSidecar(view, proxy, name);
    if (!pick) return undefined;
    const settings = pickListenerSettings(view, proxy, INBOUND.has(pick.sort) ? 'SERVER' : 'CLIENT');
    const telemetry = view.telemetries(proxy).map(({ key }) => key);
    return seal('Listener', { ...pick, settings, telemetry });
  },

  generate(inputs) {
    const message = withSettings(listener(inputs), inputs.settings);
    const value = envoy.config.listener.v3.Listener.encode(message).finish();
    return { value, sources: distinctSources(inputs.sources, inputs.telemetry) };
  },
};

/** The order decides where two listeners would have the same name: the application's own port comes first. */
function sidecarNames(view: WorldView, proxy: Proxy): string[] {
  const inbound = boundInbound(view, proxy).map(({ bind, port }) => listenerName(bind, port));
  const explicit = httpProxyListener(view, proxy);
  // What an application sends to its own address is not captured.
  const isOwn = (address: string): boolean =>
    address !== anyAddress(proxy) && proxy.ipAddresses.includes(address);
  const others = outboundListeners(view, proxy).filter(({ address }) => !isOwn(address));
  const outbound = [...others, ...(explicit ? [explicit] : [])];
  const captured = proxy.interceptionMode === 'NONE' ? [] : [VIRTUAL_OUTBOUND, VIRTUAL_INBOUND];
  const own = ownEgress(view, proxy).map(({ name }) => name);
  return [
    ...inbound,
    ...own,
    ...outbound.map(({ address, port }) => listenerName(address, port)),
    ...captured,
  ];
}

function pickSidecar(view: WorldView, proxy: Proxy, name: string): ListenerPick | undefined {
  if (name === VIRTUAL_OUTBOUND) return pickVirtualOutbound(view, proxy);
  if (name === VIRTUAL_INBOUND) return pickVirtualInbound(view, proxy);
  return (
    pickInboundListener(view, proxy, name) ??
    pickOwnEgress(view, proxy, name) ??
    pickHttpProxyListener(view, proxy, name) ??
    pickOutbound(view, proxy, name)
  );
}

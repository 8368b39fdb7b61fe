import { isIPv6 } from 'node:net';
import { isUnspecified } from './addresses.js';
import type { Call, SocketAddress } from './call.js';
import type { Address, Listener } from './envoy-config.js';

/**
 * The listener that gets a call. Of a proxy with interception the outbound capture listener hands a connection to the
 * one that has its original destination, and keeps those that none has; the inbound one keeps them all.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/original_dst_filter
 */
export function listenerOf(listeners: readonly Listener[], call: Call): Listener | undefined {
  const { destination, direction = 'outbound' } = call;
  const capturing = listeners.find(({ name }) => name === CAPTURE[direction]);
  if (direction === 'inbound' && capturing) return capturing;
  const others = listeners.filter((listener) => !Object.values(CAPTURE).includes(listener.name));
  const reachable = capturing ? others : others.filter(({ bind_to_port: bound }) => bound !== false);
  return atAddress(ofDirection(reachable, direction), destination) ?? capturing;
}

const CAPTURE = { inbound: 'virtualInbound', outbound: 'virtualOutbound' };

function ofDirection(listeners: readonly Listener[], direction: 'inbound' | 'outbound'): Listener[] {
  return listeners.filter(({ traffic_direction: of }) => !of || of.toLowerCase() === direction);
}

/** A listener on exactly this address goes before one on all addresses. */
function atAddress(listeners: readonly Listener[], destination: SocketAddress): Listener | undefined {
  const at = (accepts: (address: string) => boolean): Listener | undefined =>
    listeners.find((listener) =>
      addressesOf(listener).some(({ socket_address: socket }) => {
        return socket?.port_value === destination.port && accepts(socket.address);
      }),
    );
  return (
    at((address) => address === destination.address) ??
    at((address) => isUnspecified(address) && (isIPv6(address) || !isIPv6(destination.address)))
  );
}

function addressesOf({ address, additional_addresses: more = [] }: Listener): Address[] {
  return [...(address ? [address] : []), ...more.map((additional) => additional.address)];
}

import type { ListenerMatch } from '#config';
import type { Patch } from '../../model/patch.js';
import type { Place } from './candidates.js';
import { isAt } from './candidates.js';
import type { Fields } from './message.js';
import { messageOf, textOf } from './message.js';

/** A listener, and what of it a match may ask that the message does not say. */
export interface PatchedListener {
  readonly message: Fields;
  readonly place: Place;
  /** Names of the service or server ports, by number; only where a patch asks for them. */
  readonly portNames: Readonly<Record<string, readonly string[]>>;
}

export function listenerMatches(patch: Patch, { message, place, portNames }: PatchedListener): boolean {
  const match = patch.spec.match?.listener;
  if (!isAt(patch, place)) return false;
  if (!match) return true;
  if (match.name && match.name !== textOf(message, 'name')) return false;
  // Of a listener that takes in several ports it is the chains that have one.
  if (takesPorts(message)) return true;
  return isPort(
    match,
    numberOf(messageOf(messageOf(message, 'address'), 'socket_address'), 'port_value'),
    portNames,
  );
}

export function chainMatches(patch: Patch, chain: Fields, { message, portNames }: PatchedListener): boolean {
  const match = patch.spec.match?.listener;
  const criteria = messageOf(chain, 'filter_chain_match');
  const port = wrappedNumber(criteria, 'destination_port');
  if (match && takesPorts(message) && !isPort(match, port, portNames)) return false;
  const asked = match?.filterChain;
  if (!asked) return true;
  if (asked.name && asked.name !== textOf(chain, 'name')) return false;
  if (asked.sni && !texts(criteria, 'server_names').includes(asked.sni)) return false;
  if (asked.transportProtocol && asked.transportProtocol !== textOf(criteria, 'transport_protocol'))
    return false;
  if (asked.destinationPort && asked.destinationPort !== port) return false;
  const protocols = (asked.applicationProtocols ?? '').split(',').map((protocol) => protocol.trim());
  return protocols.every(
    (protocol) => !protocol || texts(criteria, 'application_protocols').includes(protocol),
  );
}

/** Captured incoming connections of all ports arrive at one listener. */
function takesPorts(listener: Fields): boolean {
  return textOf(listener, 'name') === 'virtualInbound';
}

function isPort(
  { portNumber, portName }: ListenerMatch,
  port: number,
  portNames: PatchedListener['portNames'],
): boolean {
  if (portNumber && portNumber !== port) return false;
  const names = Object.hasOwn(portNames, port) ? (portNames[port] ?? []) : [];
  return !portName || names.some((name) => name.toLowerCase() === portName.toLowerCase());
}

function texts(message: Fields | undefined, field: string): readonly string[] {
  return (message?.[field] ?? []) as readonly string[];
}

function numberOf(message: Fields | undefined, field: string): number {
  const value = message?.[field];
  return typeof value === 'number' ? value : 0;
}

function wrappedNumber(message: Fields | undefined, field: string): number {
  return numberOf(messageOf(message, field), 'value');
}

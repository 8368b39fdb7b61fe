import type { AddressInfo, ListenOptions } from 'node:net';
import { formatAddress, parseAddress } from '../flags/values.js';

/** `HOST:PORT`, `[V6]:PORT` or `unix:PATH` as the options of a listen. Throws an Error that names the text. */
export function parseBindAddress(text: string): ListenOptions {
  return text.startsWith('unix:') ? { path: text.slice('unix:'.length) } : { ...parseAddress(text) };
}

/** The address that a listening server ended up with, in the form that {@link parseBindAddress} reads. */
export function formatBoundAddress(address: AddressInfo | string | null): string {
  if (address === null) throw new Error('the server does not listen');
  if (typeof address === 'string') return `unix:${address}`;
  return formatAddress({ host: address.address, port: address.port });
}

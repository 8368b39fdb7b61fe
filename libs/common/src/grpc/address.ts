import type { AddressInfo, ListenOptions } from 'node:net';

/**
 * `HOST:PORT`, `[V6]:PORT` or `unix:PATH` as the options of a listen or connect. Throws a RangeError that names the
 * text.
 */
export function parseBindAddress(text: string): ListenOptions {
  if (text.startsWith('unix:')) return { path: text.slice('unix:'.length) };
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535) throw new RangeError(`'${text}' is not HOST:PORT or unix:PATH`);
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port };
}

/** The address that a listening server ended up with, in the form that {@link parseBindAddress} reads. */
export function formatBoundAddress(address: AddressInfo | string | null): string {
  if (address === null) throw new RangeError('the server does not listen');
  if (typeof address === 'string') return `unix:${address}`;
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

import { BlockList, isIPv6 } from 'node:net';
import type { Address, CidrRange } from './envoy-config.js';

/** Whether an address is in the range. */
export function inRange(
  { address_prefix: prefix, prefix_len: length = 0 }: CidrRange,
  address: string,
): boolean {
  if (isIPv6(prefix) !== isIPv6(address)) return false;
  const family = isIPv6(prefix) ? 'ipv6' : 'ipv4';
  const range = new BlockList();
  range.addSubnet(prefix, length, family);
  return range.check(address, family);
}

/** The ranges' longest prefix that holds the address; undefined where none does. */
export function longestPrefix(ranges: readonly CidrRange[], address: string): number | undefined {
  const lengths = ranges.filter((range) => inRange(range, address)).map((range) => range.prefix_len ?? 0);
  return lengths.length > 0 ? Math.max(...lengths) : undefined;
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

export function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** `10.0.0.1:80`, `[::1]:80` or a socket's path. */
export function showAddress({ socket_address: socket, pipe }: Address): string {
  if (!socket) return pipe?.path ?? '';
  const host = isIPv6(socket.address) ? `[${socket.address}]` : socket.address;
  return `${host}:${socket.port_value ?? 0}`;
}

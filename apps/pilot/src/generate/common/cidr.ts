import { isIPv4, isIPv6 } from 'node:net';
import type { envoy } from '#common/proto/envoy';

type CidrRange = envoy.config.core.v3.CidrRange.$Properties;

/**
 * `10.0.0.0/8` or a single address, in the one form that equal ranges have: Envoy masks the host's part away and
 * refuses two filter chains whose ranges are equal then. Undefined for what is no range.
 */
export function normalisedCidr(text: string): string | undefined {
  const [address = '', length] = text.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (!isIPv4(address) && !isIPv6(address)) return undefined;
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > bits) return undefined;
  const kept = BigInt(bits - prefix);
  return `${written((valueOf(address) >> kept) << kept, bits)}/${prefix}`;
}

/** @param cidr normalised */
export function cidrRange(cidr: string): CidrRange {
  const [addressPrefix = '', length] = cidr.split('/');
  return { addressPrefix, prefixLen: { value: Number(length) } };
}

function valueOf(address: string): bigint {
  const parts = isIPv4(address) ? address.split('.').map(Number) : hextets(address);
  const width = isIPv4(address) ? 8n : 16n;
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address, whatever way it is written. */
function hextets(address: string): number[] {
  const groups = (text: string): number[] => (text ? text.split(':') : []).flatMap(hextet);
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  if (tail === undefined) return groups(head);
  const [before, after] = [groups(head), groups(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** `::ffff:10.0.0.1`: the last two groups may be written as IPv4. */
function hextet(text: string): number[] {
  if (!isIPv4(text)) return [parseInt(text, 16)];
  const value = Number(valueOf(text));
  return [value >>> 16, value & 0xffff];
}

function written(value: bigint, bits: number): string {
  const [width, separator, radix] = bits === 32 ? [8, '.', 10] : [16, ':', 16];
  const count = bits / width;
  const mask = (1n << BigInt(width)) - 1n;
  const parts = Array.from({ length: count }, (_, index) =>
    ((value >> BigInt(width * (count - 1 - index))) & mask).toString(radix),
  );
  return parts.join(separator);
}

import type { envoy } from '#common/proto/edge';
import { IpAddress } from '#expressions';

/** Remembered texts; a mesh has few addresses and every request names four of them. Emptied when full. */
const CACHE_SIZE = 10_000;
const cache = new Map<string, IpAddress | undefined>();

/** An address and its port as Envoy reports them; undefined for pipes and internal listeners. */
export function socketAddress(
  address: envoy.config.core.v3.Address.$Properties | null | undefined,
): { readonly address: string; readonly port: number } | undefined {
  const socket = address?.socketAddress;
  return socket?.address ? { address: socket.address, port: socket.portValue ?? 0 } : undefined;
}

/** IpAddress.parse, remembered. */
export function ipAddress(text: string | undefined): IpAddress | undefined {
  if (text === undefined || text === '') return undefined;
  const known = cache.get(text);
  if (known !== undefined || cache.has(text)) return known;
  if (cache.size >= CACHE_SIZE) cache.clear();
  const parsed = IpAddress.parse(text);
  cache.set(text, parsed);
  return parsed;
}

import { isIP } from 'node:net';
import type { envoy } from '#common/proto/envoy';

type Address = envoy.config.core.v3.Address.$Properties;

const UNIX = 'unix://';

/** An IP, a host name, or `unix:///absolute/path` (then without a port). */
export function address(host: string, port: number): Address {
  if (host.startsWith(UNIX)) return { pipe: { path: host.slice(UNIX.length) } };
  return { socketAddress: { address: host, portValue: port } };
}

/** Whether Envoy can connect without asking a name server. */
export function isStatic(host: string): boolean {
  return host.startsWith(UNIX) || isIP(host) !== 0;
}

/** Splits `host:port`, `[::1]:port`; undefined where there is no port. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  return host ? { host, port: Number(match?.[3]) } : undefined;
}

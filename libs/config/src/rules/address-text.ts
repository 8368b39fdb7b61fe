import type { Scope } from '../problem.js';
import { isAddress, isHostName } from './text.js';

/** `host:port`, `[::1]:port`; empty stands for none. */
export function checkServerAddress(server: string | undefined, scope: Scope): void {
  if (!server) return;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(server);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  const isFine = (isHostName(host) || isAddress(host)) && port >= 1 && port <= 65535;
  if (!isFine) scope.error(`has to be host:port, not ${JSON.stringify(server)}`);
}

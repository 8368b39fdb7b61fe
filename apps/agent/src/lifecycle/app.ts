import type { ChildProcess } from 'node:child_process';
import { isIP } from 'node:net';
import { formatAddress } from '#common/flags';
import { spawnWithLifeline } from '#common/lifeline';

/** Where a listener for this host alone is bound: to the proxy's own address if that is a loopback address. */
export function loopbackFor(address: string): string {
  return isLoopback(address) ? address : '127.0.0.1';
}

function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? address.startsWith('127.') : address === '::1';
}

/** The application's environment: the agent's own, and the way out through the mesh. */
export function appEnvironment(
  env: NodeJS.ProcessEnv,
  address: string,
  httpProxyPort: number | undefined,
): NodeJS.ProcessEnv {
  if (httpProxyPort === undefined) return env;
  const proxy = `http://${formatAddress({ host: loopbackFor(address), port: httpProxyPort })}`;
  return { ...env, HTTP_PROXY: proxy, http_proxy: proxy };
}

/** Starts the application. Where the agent's stdout is a protocol, the application's goes to stderr. */
export function startApp(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  stdoutTaken: boolean,
): ChildProcess {
  return spawnWithLifeline(program, args, { env, stdout: stdoutTaken ? 2 : 'inherit' });
}

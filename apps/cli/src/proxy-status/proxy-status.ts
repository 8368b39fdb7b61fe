import { withBus } from '../bus-client.js';
import { COLLECT_MS, proxiesHolding } from './proxies-holding.js';
import type { ProxyHolding } from './proxies-holding.js';
import { formatTable } from './table.js';

/** Prints the state of all proxies; exit code 1 where one of them refused something, or made config be withdrawn. */
export async function proxyStatus(state: string, json: boolean): Promise<number> {
  const proxies = await askPilots(state);
  process.stdout.write(json ? `${JSON.stringify(proxies, null, 2)}\n` : formatTable(proxies));
  return proxies.some(({ lastError, withdrawn }) => lastError !== undefined || withdrawn.length > 0) ? 1 : 0;
}

async function askPilots(state: string): Promise<ProxyHolding[]> {
  return withBus(state, async (connection) => {
    const answers = await proxiesHolding(connection);
    if (answers.length === 0) throw new Error(`no Pilot answered within ${COLLECT_MS} ms`);
    return answers.flat().sort((a, b) => a.proxy.localeCompare(b.proxy));
  });
}

import { request } from 'node:http';
import { formatAddress, type Address } from '#common/flags';

const TIMEOUT_MS = 2_000;

/** Envoy's answer on its admin interface. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks Envoy's admin interface. Rejects where it does not answer within 2 s. */
export function askAdmin(admin: Address, method: 'GET' | 'POST', path: string): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: admin.host, port: admin.port, method, path, agent: false, timeout: TIMEOUT_MS },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error(`${formatAddress(admin)}${path} does not answer`)));
    asked.once('error', reject);
    asked.end();
  });
}

/** Counters and gauges by name from the text form of `/stats`; histograms are left out. */
export function parseStats(text: string): ReadonlyMap<string, number> {
  const pairs = text.matchAll(/^(\S+): (\d+)$/gm);
  return new Map(Array.from(pairs, ([, name = '', value]) => [name, Number(value)]));
}

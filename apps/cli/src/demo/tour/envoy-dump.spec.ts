import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { dumpDifferences, dumpOf } from './envoy-dump.js';

const close: (() => void)[] = [];
afterEach(() => close.splice(0).forEach((each) => each()));

/** Something that answers as an admin interface with this dump. */
async function admin(configs: readonly object[]): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify({ configs })));
  close.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const route = (version: string, hosts: readonly string[]) => ({
  dynamic_route_configs: [
    {
      version_info: version,
      last_updated: version,
      route_config: { virtual_hosts: hosts.map((name) => ({ name, domains: [name, '*'] })), name: '80' },
    },
  ],
});
const cluster = (policy: string) => ({
  dynamic_active_clusters: [{ version_info: '1', cluster: { name: 'a', lb_policy: policy } }],
});
const endpoints = (ports: readonly number[]) => ({
  dynamic_endpoint_configs: [
    {
      endpoint_config: { cluster_name: 'a', endpoints: [{ lb_endpoints: ports.map((port) => ({ port })) }] },
    },
  ],
});

it('compares what is held, not when or in which order it came', async () => {
  const one = await dumpOf(await admin([route('1', ['x', 'y']), cluster('RANDOM'), endpoints([1, 2])]));
  const other = await dumpOf(await admin([endpoints([2, 1]), cluster('RANDOM'), route('2', ['y', 'x'])]));
  expect(dumpDifferences(one, other)).toEqual([]);
});

it('names what differs or is missing', async () => {
  const one = await dumpOf(await admin([route('1', ['x']), cluster('RANDOM')]));
  const other = await dumpOf(await admin([cluster('MAGLEV')]));
  expect(dumpDifferences(one, other).sort()).toEqual(['cluster a', 'route 80']);
});

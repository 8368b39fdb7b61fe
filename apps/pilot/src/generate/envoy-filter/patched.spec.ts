import { describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/envoy';
import { TYPE } from '../../model/contract.js';
import { proxyFromNode } from '../../model/node.js';
import { envoyCases, type GoldenCase } from '../../testing/golden-cases.js';
import { worldOf } from '../../translate.js';
import { clusterGenerator } from '../cds/generator.js';
import { generateAll } from '../generate-all.js';
import { generators } from '../generators.js';
import { listenerGenerator } from '../lds/generator.js';
import { routeGenerator } from '../rds/generator.js';
import { virtualHostGenerator } from '../vhds/generator.js';

const { RouteConfiguration, VirtualHost } = envoy.config.route.v3;
const cases = envoyCases();
const named = cases.filter(({ name }) => name.startsWith('envoy-filter'));

function proxyOf({ proxy }: GoldenCase, vhds: boolean) {
  const metadata = { ...proxy.metadata, QUARTET_VHDS: vhds };
  const result = proxyFromNode({ id: proxy.id, cluster: '', metadata });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}

/** All hosts of all tables as `<route>/<host>`, whatever way they travel. */
function hosts(golden: GoldenCase, vhds: boolean): Record<string, string> {
  const generated = generateAll(worldOf(golden.resources, golden.proxy.environment), proxyOf(golden, vhds));
  const inTables = (generated.get(TYPE.route) ?? []).flatMap(({ name, value }) => {
    const { virtualHosts } = RouteConfiguration.decode(value);
    return virtualHosts.map((host): [string, object] => [`${name}/${host.name}`, host]);
  });
  const alone = (generated.get(TYPE.virtualHost) ?? []).map(({ name, value }): [string, object] => {
    return [name, VirtualHost.decode(value)];
  });
  const entries = [...inTables, ...alone].map(([name, host]) => [
    name,
    JSON.stringify({ ...host, name: '' }),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

describe('EnvoyFilters', () => {
  it.each(named.map((golden) => [golden.name, golden] as const))(
    '%s: virtual hosts that travel one by one are those of the whole tables',
    (_name, golden) => {
      expect(Object.keys(hosts(golden, true)).length).toBeGreaterThan(0);
      expect(hosts(golden, true)).toEqual(hosts(golden, false));
    },
  );

  it('change neither key nor bytes of what none of them is for', () => {
    const plain = [clusterGenerator, listenerGenerator, routeGenerator, virtualHostGenerator];
    let compared = 0;
    for (const golden of cases.filter((each) => !named.includes(each))) {
      const world = worldOf(golden.resources, golden.proxy.environment);
      const proxy = proxyOf(golden, true);
      const view = world.view(() => undefined).scopedTo(proxy);
      for (const inner of plain) {
        const outer = generators.find(({ type }) => type === inner.type);
        for (const name of inner.names(view, proxy)) {
          const expected = inner.select(view, proxy, name)?.key;
          expect(outer?.select(view, proxy, name)?.key).toBe(expected);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(300);
  });

  it('are named among the sources of what they change, and of nothing else', () => {
    const golden = named.find(({ name }) => name === 'envoy-filter-clusters');
    if (!golden) throw new Error('no such case');
    const world = worldOf(golden.resources);
    const clusters = generateAll(world, proxyOf(golden, true)).get(TYPE.cluster) ?? [];
    const changed = clusters.filter(({ sources }) => sources.some((key) => key.includes('/EnvoyFilter/')));
    expect(changed.map(({ name }) => name).sort()).toEqual([
      'PassthroughCluster',
      'inbound|9080||',
      'outbound|9080|v1|reviews.default.svc.cluster.local',
      'rate-limiter',
    ]);
    expect(clusters.map(({ name }) => name)).toContain('outbound|9080||reviews.default.svc.cluster.local');
    expect(clusters.some(({ name }) => name.includes('|v2|'))).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { envoy } from '#common/proto/envoy';
import type { JsonObject } from '#common/proto/json';
import { messageToJson } from '#common/proto/json';
import type { Resource } from '#config';
import { TYPE } from '../../model/contract.js';
import { proxyFromNode } from '../../model/node.js';
import type { Proxy } from '../../model/proxy.js';
import { envoyCases } from '../../testing/golden-cases.js';
import { randomMeshes } from '../../testing/random-mesh.js';
import { worldOf } from '../../translate.js';
import { generateAll } from '../generate-all.js';

/** The virtual hosts of each route, however they travel, by Istio's names. */
function virtualHosts(resources: readonly Resource[], proxy: Proxy): Map<string, JsonObject> {
  const generated = generateAll(worldOf(resources), proxy);
  const found = new Map<string, JsonObject>();
  for (const { name: route, value } of generated.get(TYPE.route) ?? []) {
    for (const host of envoy.config.route.v3.RouteConfiguration.decode(value).virtualHosts ?? []) {
      const bytes = envoy.config.route.v3.VirtualHost.encode(host).finish();
      found.set(`${route}/${host.name ?? ''}`, asJson(bytes));
    }
  }
  for (const { name, value } of generated.get(TYPE.virtualHost) ?? []) {
    const host = asJson(value);
    expect(host['name']).toBe(name);
    found.set(name, { ...host, name: name.slice(name.indexOf('/') + 1) });
  }
  return found;
}

function asJson(virtualHost: Uint8Array): JsonObject {
  return messageToJson('envoy.config.route.v3.VirtualHost', virtualHost);
}

function proxy(id: string, metadata: Record<string, unknown>): Proxy {
  const result = proxyFromNode({ id, cluster: '', metadata });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}

function expectBothForms(resources: readonly Resource[], of: Proxy): number {
  const whole = virtualHosts(resources, { ...of, vhds: false });
  expect(virtualHosts(resources, { ...of, vhds: true })).toEqual(whole);
  return whole.size;
}

describe('virtual hosts are the same one by one and in their route', () => {
  it('in every golden case', () => {
    const sizes = envoyCases().map(({ resources, proxy: { id, metadata = {} } }) =>
      expectBothForms(resources, proxy(id, { ...metadata })),
    );
    expect(Math.max(...sizes)).toBeGreaterThan(3);
  });

  it('in random meshes', () => {
    const proxies = [
      proxy('sidecar~10.0.0.1~one.default~default.svc.cluster.local', {
        LABELS: { app: 'a' },
        HTTP_PROXY_PORT: '15080',
      }),
      proxy('router~10.0.0.3~gateway.default~default.svc.cluster.local', { LABELS: { istio: 'gateway' } }),
    ];
    const check = fc.property(randomMeshes, (resources) => {
      for (const each of proxies) expectBothForms(resources, each);
    });
    fc.assert(check, { numRuns: 100 });
  });
});

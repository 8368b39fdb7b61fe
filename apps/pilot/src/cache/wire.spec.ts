import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { envoy } from '#common/proto/envoy';
import { TYPE } from '../model/contract.js';
import { encodeDelta, encodeSotw, takesVirtualHosts } from './wire.js';

const { DeltaDiscoveryResponse, DiscoveryResponse } = envoy.service.discovery.v3;
const { RouteConfiguration } = envoy.config.route.v3;

const resources = fc.array(
  fc.record({ name: fc.string(), version: fc.string(), value: fc.uint8Array({ maxLength: 300 }) }),
);

describe('spliced responses', () => {
  it('decode to what was put in (delta)', () => {
    fc.assert(
      fc.property(resources, fc.array(fc.string()), (list, removed) => {
        const head = { typeUrl: TYPE.cluster, nonce: 'n1', version: 'r7' };
        const decoded = DeltaDiscoveryResponse.decode(
          encodeDelta(
            head,
            list.map((resource) => ({ ...resource, sources: [] })),
            removed,
          ),
        );
        expect(decoded).toMatchObject({ typeUrl: TYPE.cluster, nonce: 'n1', systemVersionInfo: 'r7' });
        expect(decoded.removedResources).toEqual(removed);
        expect(
          decoded.resources.map(({ name, version, resource }) => [name, version, plain(resource)]),
        ).toEqual(list.map(({ name, version, value }) => [name, version, [TYPE.cluster, [...value]]]));
      }),
    );
  });

  it('decode to what was put in (SotW)', () => {
    fc.assert(
      fc.property(resources, (list) => {
        const head = { typeUrl: TYPE.listener, nonce: 'n2', version: 'v' };
        const decoded = DiscoveryResponse.decode(
          encodeSotw(
            head,
            list.map((resource) => ({ ...resource, sources: [] })),
          ),
        );
        expect(decoded).toMatchObject({ typeUrl: TYPE.listener, nonce: 'n2', versionInfo: 'v' });
        expect(decoded.resources.map(plain)).toEqual(list.map(({ value }) => [TYPE.listener, [...value]]));
      }),
    );
  });
});

describe('takesVirtualHosts', () => {
  it('sees the vhds field and nothing else', () => {
    const virtualHosts = [{ name: 'a', domains: ['*'] }];
    const whole = {
      name: '80',
      virtualHosts,
      validateClusters: { value: false },
      internalOnlyHeaders: ['x'],
    };
    expect(takesVirtualHosts(RouteConfiguration.encode(whole).finish())).toBe(false);
    const vhds = { configSource: { ads: {}, resourceApiVersion: 2 } };
    expect(takesVirtualHosts(RouteConfiguration.encode({ ...whole, vhds }).finish())).toBe(true);
  });
});

function plain(any: { type_url?: string | null; value?: Uint8Array | null } | null | undefined): unknown {
  return [any?.type_url, [...(any?.value ?? [])]];
}

import { describe, expect, it } from '@jest/globals';
import type { RegisteredService } from '../../model/registry.js';
import { clusterOf } from '../testing/cluster.js';

function service(spec: string, annotations = ''): RegisteredService {
  const { change } = clusterOf(`
kind: Service
metadata: {name: a, namespace: books, creationTimestamp: '2026-01-01T00:00:00Z', annotations: {${annotations}}}
spec: {${spec}}
`);
  return change.services.get('books/a.books.svc.cluster.local')!;
}

describe('a Service', () => {
  it('has the addresses of the cluster and those from outside', () => {
    const { service: found, selectors } = service(
      "clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, 'fd00::1'], externalIPs: [192.0.2.1], selector: {app: a}, ports: [{port: 80}]",
    );
    expect({ ...found }).toMatchObject({
      ...{ host: 'a.books.svc.cluster.local', name: 'a', namespace: 'books', resolution: 'EDS' },
      addresses: ['10.96.0.1', 'fd00::1', '192.0.2.1'],
      ports: [{ number: 80, name: '', protocol: 'AUTO', targetPort: 80 }],
      ...{ meshExternal: false, nodeLocal: false, createdAt: '2026-01-01T00:00:00Z' },
      sources: ['/Service/books/a'],
    });
    // WorkloadEntries; its pods come by EndpointSlices.
    expect(selectors).toEqual([{ labels: { app: 'a' }, pods: false }]);
  });

  it('says what its ports speak by appProtocol, else by their names; SCTP is nothing for Envoy', () => {
    const { service: found } = service(
      'ports: [{port: 1, name: tcp, appProtocol: http}, {port: 2, name: grpc-x, targetPort: web}, {port: 3, protocol: UDP, name: http}, {port: 4, protocol: SCTP}]',
    );
    expect(found.ports).toEqual([
      { number: 1, name: 'tcp', protocol: 'HTTP', targetPort: 1 },
      { number: 2, name: 'grpc-x', protocol: 'HTTP2', targetPort: 2, targetName: 'web' },
      { number: 3, name: 'http', protocol: 'UDP', targetPort: 3 },
    ]);
  });

  it('without an address is reached at its endpoints', () => {
    expect({ ...service('clusterIP: None').service }).toMatchObject({
      resolution: 'ORIGINAL_DST',
      addresses: [],
    });
  });

  it('of type ExternalName is another name for something outside', () => {
    const found = service(
      'type: ExternalName, externalName: example.com, selector: {app: a}, ports: [{port: 80}]',
    );
    expect({ ...found.service }).toMatchObject({ resolution: 'STRICT_DNS', meshExternal: true });
    expect(found).toMatchObject({ selectors: [], fallback: { address: 'example.com', tlsMode: 'disabled' } });
  });

  it.each([
    ['trafficDistribution: PreferSameZone', '', 'PreferSameZone'],
    ['', 'networking.istio.io/traffic-distribution: PreferClose', 'PreferClose'],
    ['trafficDistribution: Other', '', undefined],
  ])('may say which endpoints are preferred: %s %s', (spec, annotations, expected) => {
    expect(service(spec, annotations).service.trafficDistribution).toBe(expected);
  });

  it('may be for its node, for some namespaces, and for identities of its own', () => {
    const { service: found } = service(
      'internalTrafficPolicy: Local',
      'networking.istio.io/exportTo: "., shop", alpha.istio.io/kubernetes-serviceaccounts: x, alpha.istio.io/canonical-serviceaccounts: td/vm',
    );
    expect({ ...found }).toMatchObject({
      nodeLocal: true,
      exportTo: ['.', 'shop'],
      subjectAltNames: ['ns/books/sa/x', 'spiffe://td/vm'],
    });
  });
});

import { expect, it } from '@jest/globals';
import { serviceNames } from './same-identity.js';

it('names the services of the control plane by DNS, and nobody else', () => {
  const of = (namespace: string, serviceAccount: string): string[] =>
    serviceNames({ trustDomain: 'cluster.local', namespace, serviceAccount });
  expect(of('istio-system', 'istio-galley-service-account')).toEqual([
    'istio-galley.istio-system',
    'istio-galley.istio-system.svc',
    'istio-galley.istio-system.svc.cluster.local',
  ]);
  expect(of('default', 'istio-galley-service-account')).toEqual([]);
  expect(of('istio-system', 'default')).toEqual([]);
});

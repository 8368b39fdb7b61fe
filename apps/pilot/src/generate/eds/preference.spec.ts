import { expect, it } from '@jest/globals';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Endpoint, Service, TrafficDistribution } from '../../model/service.js';
import type { Policy } from '../../model/traffic-policy.js';
import { pickRanks } from './preference.js';

const at = (locality: string, node: string): Endpoint =>
  ({ locality, labels: { 'kubernetes.io/hostname': node } }) as Partial<Endpoint> as Endpoint;

/** Nearest first: of the client's node, zone, region, and of none of these. */
const ENDPOINTS = [at('eu/1', 'n1'), at('eu/1', 'n2'), at('eu/2', 'n3'), at('us/1', 'n4')];
const CLIENT = {
  locality: { region: 'eu', zone: '1', subZone: '' },
  nodeName: 'n1',
} as Partial<Proxy> as Proxy;
const VIEW = { mesh: () => ({ localityLbSetting: {} }) } as unknown as WorldView;

function ranks(trafficDistribution: TrafficDistribution | undefined, policy: Partial<Policy> = {}) {
  const service = { trafficDistribution } as Partial<Service> as Service;
  const rank = pickRanks(VIEW, CLIENT, policy as Policy, service);
  return rank && ENDPOINTS.map(rank);
}

it('puts endpoints in the order that a Service asks for', () => {
  expect(ranks('PreferSameZone')).toEqual([0, 0, 1, 2]);
  expect(ranks('PreferClose')).toEqual([0, 0, 2, 3]);
  expect(ranks('PreferSameNode')).toEqual([0, 1, 3, 4]);
  expect(ranks(undefined)).toBeUndefined();
});

it('leaves it to a DestinationRule that speaks of localities', () => {
  expect(ranks('PreferClose', { loadBalancer: { localityLbSetting: { enabled: false } } })).toBeUndefined();
});

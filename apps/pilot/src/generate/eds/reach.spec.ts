import { expect, it } from '@jest/globals';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Endpoint, Service } from '../../model/service.js';
import { reachable } from './reach.js';

const endpoint = (address: string, more: Partial<Endpoint> = {}): Endpoint =>
  ({ address, ...more }) as Partial<Endpoint> as Endpoint;
const client = (more: Partial<Proxy>): Proxy =>
  ({ ipFamilies: 'IPv4', nodeName: '', ...more }) as Partial<Proxy> as Proxy;
const view = {
  workloads: () => [{ node: 'n2' }],
  mesh: () => ({ serviceSettings: [] }),
} as unknown as WorldView;

function addresses(proxy: Partial<Proxy>, nodeLocal: boolean, ...endpoints: Endpoint[]): string[] {
  const service = { nodeLocal, host: 'a.example.com' } as Partial<Service> as Service;
  return reachable(view, client(proxy), service, endpoints).map(({ address }) => address);
}

it('gives a client the endpoints of its own node where the service is for that', () => {
  const all = [
    endpoint('10.0.0.1', { node: 'n1' }),
    endpoint('10.0.0.2', { node: 'n2' }),
    endpoint('10.0.0.3'),
  ];
  expect(addresses({ nodeName: 'n1' }, true, ...all)).toEqual(['10.0.0.1']);
  // What its node message does not say, its pod does.
  expect(addresses({}, true, ...all)).toEqual(['10.0.0.2']);
  expect(addresses({ nodeName: 'n1' }, false, ...all)).toHaveLength(3);
});

it('gives a client addresses of a family that it has, where there is a choice', () => {
  const all = [endpoint('10.0.0.1', { otherAddresses: ['fd00::1'] }), endpoint('10.0.0.2')];
  expect(addresses({ ipFamilies: 'IPv4' }, false, ...all)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(addresses({ ipFamilies: 'both' }, false, ...all)).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(addresses({ ipFamilies: 'IPv6' }, false, ...all)).toEqual(['fd00::1', '10.0.0.2']);
});

import { expect, it } from '@jest/globals';
import { serviceId } from '../model/registry.js';
import { readResources } from '../testing/read-resources.js';
import { worldOf } from '../translate.js';
import type { Figures } from './figures.js';
import { NO_FIGURES } from './figures.js';

/** That they are kept up edit by edit is for world.spec.ts to say. */
const resource = (kind: string, name: string, spec: string, namespace = 'default'): string => `---
apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${spec}}
`;
const entry = (name: string, more: string, namespace = 'default'): string =>
  resource('ServiceEntry', name, `hosts: [${name}.example.com], ${more}`, namespace);
const route = (name: string, more: string): string =>
  resource('VirtualService', name, `http: [{directResponse: {status: 200}}], ${more}`);
const subsets = (name: string, host: string, ...names: string[]): string =>
  resource(
    'DestinationRule',
    name,
    `host: ${host}, subsets: [${names.map((each) => `{name: ${each}, labels: {v: ${each}}}`).join()}]`,
  );
const figures = (...resources: string[]): Figures => worldOf(readResources(resources.join(''))).figures;

it('counts services by namespace, and ports without endpoints where Pilot hands endpoints out', () => {
  const ports =
    'ports: [{number: 80, name: http}, {number: 53, name: udp, protocol: UDP}, {number: 90, name: tcp}]';
  const found = figures(
    entry('empty', `${ports}, resolution: STATIC`),
    entry('full', `${ports}, resolution: STATIC, endpoints: [{address: 10.0.0.1}]`),
    entry('full', `${ports}, resolution: STATIC, endpoints: [{address: 10.0.0.1}]`, 'other'),
    entry('named', `${ports}, resolution: DNS`),
  );
  expect(found).toEqual({ ...NO_FIGURES, services: 4, portsWithoutInstances: 2 });
});

it('counts VirtualServices of the mesh that share a host', () => {
  const found = figures(
    route('a', 'hosts: [a.example.com, b.example.com]'),
    route('b', 'hosts: [b.example.com]'),
    route('c', 'hosts: [b.example.com, "*.example.com"]'),
    route('d', 'hosts: [b.example.com], gateways: [some]'),
  );
  expect(found).toEqual({ ...NO_FIGURES, virtualServices: 4, duplicateDomains: 2 });
});

it('counts subsets that DestinationRules of a host both have', () => {
  const found = figures(
    subsets('a', 'a.example.com', 'v1', 'v2'),
    subsets('b', 'a.example.com', 'v2', 'v3'),
    subsets('c', 'b.example.com', 'v1'),
  );
  expect(found).toEqual({ ...NO_FIGURES, duplicateSubsets: 1 });
});

it('counts endpoints that take no traffic', () => {
  const world = worldOf(
    readResources(
      entry('a', 'ports: [{number: 80, name: http}], resolution: STATIC, endpoints: [{address: 10.0.0.1}]'),
    ),
  );
  const { service, endpoints } = world.contents().services[0]!;
  const known = { service, endpoints: [], idle: endpoints, selectors: [] };
  const { figures: found } = world.apply({
    kind: 'registry',
    registry: { id: 'Kubernetes', rank: 0 },
    services: new Map([
      [serviceId('default', 'b.example.com'), { ...known, service: service.with({ host: 'b.example.com' }) }],
    ]),
    workloads: new Map(),
  }).world;
  expect(found).toEqual({ ...NO_FIGURES, services: 2, portsWithoutInstances: 1, endpointsNotReady: 1 });
});

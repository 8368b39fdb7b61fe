import fc from 'fast-check';
import type { ServiceEntry, WorkloadEntry } from '#config';
import { Config } from '../../model/config.js';
import { describeRegistry } from '../testing/registry-contract.js';
import { StaticRegistry } from './static-registry.js';

type Entry = Config<ServiceEntry | WorkloadEntry>;

const endpoint = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
  labels: fc.constantFrom({}, { version: 'v1' }),
});
const serviceEntry = fc.record({
  hosts: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 2 }),
  ports: fc.constantFrom([{ number: 80, name: 'http' }], [{ number: 81, name: 'tcp' }]),
  resolution: fc.constantFrom('STATIC', 'DNS', 'NONE'),
  endpoints: fc.array(endpoint, { maxLength: 3 }),
});
const step = fc
  .oneof(
    fc.tuple(fc.constant('ServiceEntry'), fc.option(serviceEntry, { nil: undefined })),
    fc.tuple(fc.constant('WorkloadEntry'), fc.option(endpoint, { nil: undefined })),
  )
  .chain(([kind, spec]) =>
    fc.constantFrom('one', 'two', 'three').map((name) => ({ name: `${kind}/default/${name}`, spec })),
  )
  .map(({ name, spec }) => ({ name, object: spec && decode(name, spec) }));

function decode(name: string, spec: object): Entry {
  const content = JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: name, spec });
  return Config.decode(`networking.istio.io/${name}`, content);
}

describeRegistry('the config', {
  empty: () => StaticRegistry.empty,
  step,
  edit: (_name, before, after) => ({ ...(before && { before }), ...(after && { after }) }),
});

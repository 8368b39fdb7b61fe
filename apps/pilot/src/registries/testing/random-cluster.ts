import fc from 'fast-check';
import type { KeptType, KubeEdit } from '../kubernetes/objects.js';
import type { Step } from './registry-contract.js';

const name = fc.constantFrom('a', 'b');
const node = fc.constantFrom('n1', 'n2');
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1');

const HTTP = { number: 80, name: 'http', udp: false, appProtocol: '', target: 'web' };
const TCP = { number: 3306, name: 'tcp', udp: false, appProtocol: '', target: 8080 };

const service = fc.record({
  externalName: fc.option(fc.constant('a.example.com'), { nil: undefined, freq: 8 }),
  headless: fc.boolean(),
  addresses: fc.constantFrom([], ['10.96.0.1'], ['10.96.0.2']),
  families: fc.constantFrom(['IPv4'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4']),
  ports: fc.constantFrom([HTTP], [TCP], [HTTP, TCP]),
  selector: fc.constantFrom({}, { app: 'a' }),
  nodeLocal: fc.boolean(),
  exportTo: fc.constantFrom([], ['.']),
  accounts: fc.constant([]),
  createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
});
const slice = fc.record({
  service: fc.constantFrom('a', 'b', ''),
  family: fc.constantFrom('IPv4', 'IPv6', undefined),
  ports: fc.constantFrom({ http: 8080 }, { http: 8081, tcp: 8080 }),
  endpoints: fc.array(
    fc.record(
      {
        address,
        state: fc.constantFrom('ready', 'draining', 'idle'),
        pod: name,
        node,
        zone: fc.constant('z'),
      },
      { requiredKeys: ['address', 'state'] },
    ),
    { maxLength: 3 },
  ),
});
const pod = fc.record({
  labels: fc.constantFrom({}, { app: 'a' }, { 'security.istio.io/tlsMode': 'istio' }),
  serviceAccount: fc.constantFrom('x', 'y'),
  addresses: fc.constantFrom([], ['10.0.0.1'], ['10.0.0.2', 'fd00::1']),
  node,
  hostNetwork: fc.boolean(),
  ready: fc.boolean(),
  workload: fc.constantFrom({ kind: 'Deployment', name: 'a' }, { kind: 'Pod', name: 'b' }),
  createdAt: fc.constant('2026-01-01T00:00:00Z'),
});
const place = fc.record({
  region: fc.constantFrom('', 'us'),
  zone: fc.constantFrom('', 'east'),
  subZone: fc.constant(''),
});
const network = fc.record({
  labels: fc.constantFrom({}, { mesh: 'yes' }),
  network: fc.constantFrom('', 'net1'),
});

interface Named {
  readonly type: KeptType;
  readonly key: string;
}

const of = (type: KeptType, key: fc.Arbitrary<string>, object: fc.Arbitrary<object>) =>
  fc.record({ type: fc.constant(type), key, object: fc.option(object, { nil: undefined, freq: 3 }) });
const inDefault = name.map((each) => `default/${each}`);
/** What becomes of the objects of a small cluster, in which names and addresses meet; a step's name is `<type> <key>`. */
export const clusterStep: fc.Arbitrary<Step<object>> = fc
  .oneof(
    of('services', inDefault, service),
    of('endpointslices', inDefault, slice),
    of('pods', inDefault, pod),
    of(
      'nodes',
      node.map((each) => `/${each}`),
      place,
    ),
    of('namespaces', fc.constantFrom('/istio-system', '/default'), network),
  )
  .map(({ type, key, object }) => ({ name: `${type} ${key}`, object }));

function named(text: string): Named {
  const [type, key = ''] = text.split(' ');
  return { type: type as KeptType, key };
}

export function editOf({ name: text, object }: Step<object>): KubeEdit {
  return { ...named(text), object } as KubeEdit;
}

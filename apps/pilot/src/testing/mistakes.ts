import { KINDS, MESH_CONFIG, fieldsOf, schemaOf } from '#config';
import type { Kind } from '#config';

/** A document that no one could accept, as text, and the kind that it pretends to be. */
export interface Mistake {
  readonly what: string;
  readonly kind: Kind;
  readonly document: string;
}

type Schema = ReturnType<typeof schemaOf>;
type Members = Readonly<Record<string, unknown>>;

/** Specs in order, about the hosts and workloads that random meshes are about: what is accepted of them would show. */
const SOUND: ReadonlyMap<string, Members> = new Map<string, Members>([
  ['VirtualService', { hosts: ['a'], http: [{ route: [{ destination: { host: 'b' } }] }] }],
  ['DestinationRule', { host: 'a', trafficPolicy: { tls: { mode: 'DISABLE' } } }],
  [
    'Gateway',
    {
      selector: { istio: 'gateway' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    },
  ],
  [
    'ServiceEntry',
    {
      hosts: ['a.default.svc.cluster.local'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      resolution: 'STATIC',
    },
  ],
  ['WorkloadEntry', { address: '10.0.0.1', labels: { app: 'a' } }],
  ['WorkloadGroup', { template: {} }],
  ['Sidecar', { egress: [{ hosts: ['./*'] }] }],
  ['PeerAuthentication', { mtls: { mode: 'STRICT' } }],
  [
    'EnvoyFilter',
    { configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE', value: { alt_stat_name: 'a' } } }] },
  ],
]);

/** Breaks of rules that no schema can say: what to put into a sound spec. */
const BROKEN_RULES: readonly (readonly [kind: string, members: Members])[] = [
  ['VirtualService', { hosts: [], gateways: ['web'] }],
  ['VirtualService', { hosts: ['*'] }],
  ['VirtualService', { hosts: ['not a host'] }],
  ['VirtualService', { http: [] }],
  ['VirtualService', { http: [{}] }],
  ['VirtualService', { http: [{ redirect: { uri: '/a' }, route: [{ destination: { host: 'b' } }] }] }],
  [
    'VirtualService',
    { http: [{ match: [{ uri: { regex: '(' } }], route: [{ destination: { host: 'b' } }] }] },
  ],
  [
    'VirtualService',
    { http: [{ match: [{ uri: { exact: '/a', prefix: '/a' } }], route: [{ destination: { host: 'b' } }] }] },
  ],
  ['VirtualService', { http: [{ route: [{ destination: { host: 'b' }, weight: -1 }] }] }],
  ['VirtualService', { http: [{ route: [{ destination: { host: 'b', port: { number: 99999 } } }] }] }],
  ['VirtualService', { http: [{ timeout: '-1s', route: [{ destination: { host: 'b' } }] }] }],
  [
    'VirtualService',
    { http: [{ fault: { abort: { httpStatus: 9 } }, route: [{ destination: { host: 'b' } }] }] },
  ],
  [
    'VirtualService',
    {
      http: [
        { headers: { request: { set: { 'x-a': 'one\ntwo' } } }, route: [{ destination: { host: 'b' } }] },
      ],
    },
  ],
  [
    'VirtualService',
    {
      http: [
        {
          rewrite: { uriRegexRewrite: { match: '[', rewrite: 'a' } },
          route: [{ destination: { host: 'b' } }],
        },
      ],
    },
  ],
  ['DestinationRule', { host: '' }],
  ['DestinationRule', { subsets: [{ name: 'v1' }, { name: 'v1' }] }],
  ['DestinationRule', { trafficPolicy: { connectionPool: { tcp: { maxConnections: -1 } } } }],
  ['DestinationRule', { trafficPolicy: { outlierDetection: { maxEjectionPercent: 101 } } }],
  ['DestinationRule', { trafficPolicy: { tls: { mode: 'MUTUAL' } } }],
  ['Gateway', { servers: [] }],
  ['Gateway', { servers: [{ port: { number: 0, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] }],
  ['Gateway', { servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['*'] }] }],
  ['Gateway', { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [] }] }],
  ['ServiceEntry', { hosts: [] }],
  [
    'ServiceEntry',
    {
      ports: [
        { number: 80, name: 'a' },
        { number: 80, name: 'b' },
      ],
    },
  ],
  ['ServiceEntry', { addresses: ['10.0.0.0/99'] }],
  ['ServiceEntry', { endpoints: [{ address: 'name.example.com' }] }],
  ['WorkloadEntry', { address: '' }],
  ['WorkloadEntry', { ports: { http: 99999 } }],
  ['Sidecar', { egress: [{ hosts: [] }] }],
  ['Sidecar', { egress: [{ hosts: ['no-slash'] }] }],
  [
    'Sidecar',
    { ingress: [{ port: { number: 80, protocol: 'HTTP', name: 'http' }, defaultEndpoint: 'nowhere' }] },
  ],
  ['PeerAuthentication', { portLevelMtls: { '80': { mode: 'STRICT' } } }],
  ['EnvoyFilter', { configPatches: [{ applyTo: 'CLUSTER' }] }],
  ['EnvoyFilter', { configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE' } }] }],
  [
    'EnvoyFilter',
    { configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE', value: { nonsense: 1 } } }] },
  ],
  [
    'EnvoyFilter',
    { configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'ADD', value: { type: 'STATIC' } } }] },
  ],
];

/** Documents that never get as far as a spec. */
const UNREADABLE: readonly (readonly [what: string, document: string])[] = [
  ['no YAML', 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec: {hosts: [a'],
  ['a tab for indentation', 'kind: VirtualService\nmetadata:\n\tname: bad'],
  [
    'a kind that there is not',
    '{"apiVersion": "networking.istio.io/v1", "kind": "VirtualServices", "metadata": {"name": "bad"}}',
  ],
  [
    'a version that there is not',
    '{"apiVersion": "networking.istio.io/v9", "kind": "VirtualService", "metadata": {"name": "bad"}, "spec": {"hosts": ["a"]}}',
  ],
  ['no name', '{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "spec": {"hosts": ["a"]}}'],
  [
    'a list for a spec',
    '{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "bad"}, "spec": []}',
  ],
];

/** Every field of every kind with a value of another type, every message with a member too many, and broken rules. */
export function allMistakes(): Mistake[] {
  const kinds = [...KINDS, MESH_CONFIG].filter(({ group }) => group !== 'config.istio.io');
  const ofKind = (name: string): Kind => kinds.find(({ kind }) => kind === name) as Kind;
  return [
    ...kinds.flatMap((kind) => wrongTypes(kind)),
    ...kinds.map((kind) =>
      mistake(kind, 'a field that there is not', { ...SOUND.get(kind.kind), noSuchField: 1 }),
    ),
    ...BROKEN_RULES.map(([name, members]) => {
      return mistake(ofKind(name), JSON.stringify(members), { ...SOUND.get(name), ...members });
    }),
    ...UNREADABLE.map(([what, document]) => ({ what, kind: ofKind('VirtualService'), document })),
  ];
}

function wrongTypes(kind: Kind): Mistake[] {
  return fieldsOf(kind)
    .filter(({ supported }) => supported)
    .flatMap(({ path }) => {
      const steps = path.split(/\.|(?=\[\])|(?=\{\})/);
      const spoilt = wrongAt(schemaOf(kind), steps, SOUND.get(kind.kind) ?? {});
      return spoilt === undefined ? [] : [mistake(kind, path, spoilt)];
    });
}

/** The value with something of another type at the end of the steps; undefined where anything is right there. */
function wrongAt(schema: Schema, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return wrongValue(schema);
  if (step === '[]')
    return nested(wrongAt(schema.items ?? {}, rest, Array.isArray(value) ? value[0] : undefined), (made) => [
      made,
    ]);
  const held = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
  const name = step === '{}' ? 'key' : step;
  const member = step === '{}' ? schema.additionalProperties || {} : (schema.properties?.[step] ?? {});
  return nested(wrongAt(member, rest, held[name]), (made) => ({ ...held, [name]: made }));
}

function nested(made: unknown, into: (made: unknown) => unknown): unknown {
  return made === undefined ? undefined : into(made);
}

function wrongValue({ type, format }: Schema): unknown {
  if (format === 'duration') return 'soon';
  if (type === undefined) return undefined;
  return type === 'string' ? { not: 'a text' } : 'not of this type';
}

function mistake(kind: Kind, what: string, spec: unknown): Mistake {
  const { group, versions } = kind;
  if (kind === MESH_CONFIG) {
    const metadata = { name: 'istio', namespace: 'istio-system' };
    const document = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mesh: JSON.stringify(spec) } };
    return { what, kind, document: JSON.stringify(document) };
  }
  const metadata = { name: 'bad', namespace: 'default', creationTimestamp: '2019-01-01T00:00:00Z' };
  const document = { apiVersion: `${group}/${versions[0]}`, kind: kind.kind, metadata, spec };
  return { what, kind, document: JSON.stringify(document) };
}

/**
 * Who enforces a rule. `sender`: whichever proxy sends the request on, the caller's sidecar or a gateway. `bound`: the
 * same, as far as the VirtualService is bound to it (`gateways`: `mesh` is the callers). `context`: the proxies that
 * an EnvoyFilter's patch context names. `mode`: the proxies of the mode that the rule states, client and server.
 */
export type Enforcer =
  'caller' | 'callee' | 'gateway' | 'sender' | 'bound' | 'context' | 'mode' | 'mixer' | 'pilot';

/** One kind of rule and where it takes effect. */
export interface EnforcementRow {
  /** `http-timeout`; unique within its kind. */
  readonly id: string;
  readonly kind: string;
  /** Paths under `spec`, `http[].timeout`; the row is about a resource that has one of them. */
  readonly fields: readonly string[];
  readonly rule: string;
  readonly by: readonly Enforcer[];
  /** What a user would otherwise find out the hard way. */
  readonly note?: string;
}

type Row = readonly [id: string, fields: string, rule: string, by: string, note?: string];

/** Each row as `id`, space-separated fields, the rule, space-separated enforcers, and a note where one is due. */
const VIRTUAL_SERVICE: readonly Row[] = [
  [
    'http-match',
    'http[].match http[].route',
    'which requests go where, and in what shares',
    'bound',
    'whoever reaches the callee without a proxy of the mesh goes by no route at all',
  ],
  ['http-redirect', 'http[].redirect', 'redirects', 'bound'],
  ['http-direct-response', 'http[].directResponse', 'answers without a service', 'bound'],
  ['http-rewrite', 'http[].rewrite', 'rewrites of path and authority', 'bound'],
  ['http-timeout', 'http[].timeout', 'timeouts', 'bound', 'the callee goes on with its work'],
  ['http-retries', 'http[].retries', 'retries', 'bound', 'retries of two proxies in a row multiply'],
  ['http-fault', 'http[].fault', 'injected delays and aborts', 'bound', 'an aborted request reaches nobody'],
  ['http-mirror', 'http[].mirror http[].mirrors', 'copies of requests', 'bound'],
  ['http-cors', 'http[].corsPolicy', 'answers to preflight requests, CORS headers', 'bound'],
  ['http-headers', 'http[].headers http[].route[].headers', 'header operations', 'bound'],
  ['http-delegate', 'http[].delegate', 'routes that another VirtualService writes', 'bound'],
  ['tls-route', 'tls', 'routes by SNI', 'bound'],
  ['tcp-route', 'tcp', 'routes of connections', 'bound'],
  ['export-to', 'exportTo', 'which namespaces see it', 'pilot', 'it is not sent to the others at all'],
];

const DESTINATION_RULE: readonly Row[] = [
  [
    'load-balancer',
    'trafficPolicy.loadBalancer subsets[].trafficPolicy.loadBalancer',
    'which endpoint a request goes to',
    'sender',
  ],
  [
    'connection-pool',
    'trafficPolicy.connectionPool subsets[].trafficPolicy.connectionPool',
    'limits of connections and pending requests',
    'sender',
    'they count per sending proxy, not over the mesh',
  ],
  [
    'outlier-detection',
    'trafficPolicy.outlierDetection subsets[].trafficPolicy.outlierDetection',
    'ejection of failing endpoints',
    'sender',
    'each proxy judges by what it has seen itself',
  ],
  [
    'client-tls',
    'trafficPolicy.tls subsets[].trafficPolicy.tls',
    'TLS towards the service',
    'sender',
    'what the callee accepts is up to PeerAuthentication',
  ],
  ['subsets', 'subsets', 'the endpoints of a subset', 'sender'],
  ['port-level', 'trafficPolicy.portLevelSettings', 'all of the above for one port', 'sender'],
  ['export-to', 'exportTo', 'which namespaces see it', 'pilot', 'it is not sent to the others at all'],
];

const OTHERS: readonly (readonly [kind: string, rows: readonly Row[]])[] = [
  [
    'ServiceEntry',
    [
      ['endpoints', 'hosts endpoints workloadSelector', 'hosts, ports and endpoints of a service', 'sender'],
      ['subject-alt-names', 'subjectAltNames', 'whom the endpoints have to prove to be', 'sender'],
      ['export-to', 'exportTo', 'which namespaces see it', 'pilot', 'it is not sent to the others at all'],
    ],
  ],
  ['WorkloadEntry', [['endpoint', 'address', 'an endpoint of the services that select it', 'sender callee']]],
  [
    'Gateway',
    [
      ['servers', 'servers', 'ports and hosts at the edge', 'gateway'],
      ['server-tls', 'servers[].tls', 'certificates and TLS at the edge', 'gateway'],
    ],
  ],
  [
    'Sidecar',
    [
      [
        'egress',
        'egress',
        'which services a workload may call by name',
        'caller',
        'a scope, not a fence: a workload can go round its own proxy',
      ],
      [
        'outbound-traffic-policy',
        'outboundTrafficPolicy',
        'what becomes of calls to unknown hosts',
        'caller',
        'a scope, not a fence: a workload can go round its own proxy',
      ],
      ['ingress', 'ingress', 'the ports at which a workload is reached', 'callee'],
      ['inbound-connection-pool', 'inboundConnectionPool', 'limits in front of the workload', 'callee'],
    ],
  ],
  [
    'PeerAuthentication',
    [
      [
        'mtls',
        'mtls portLevelMtls',
        'whether plain text is accepted',
        'callee',
        'callers that are of the mesh follow by themselves',
      ],
    ],
  ],
  ['EnvoyFilter', [['patches', 'configPatches', "patches of Envoy's own config", 'context']]],
  [
    'Telemetry',
    [
      ['access-logging', 'accessLogging', 'access logs', 'mode'],
      ['tracing', 'tracing', 'spans', 'mode'],
    ],
  ],
  [
    'MeshConfig',
    [
      ['outbound-traffic-policy', 'outboundTrafficPolicy', 'what becomes of unknown hosts', 'caller'],
      [
        'discovery-selectors',
        'discoverySelectors',
        'which namespaces count, their services and their config',
        'pilot',
        'of the others no proxy is told anything: calls to them are calls to unknown hosts',
      ],
      ['auto-mtls', 'enableAutoMtls', 'mTLS towards endpoints that take it', 'sender'],
      ['access-log-file', 'accessLogFile', 'access logs', 'caller callee gateway'],
    ],
  ],
  [
    'rule',
    [
      [
        'check',
        'actions',
        'decisions of Mixer about requests, where an instance is of a checking template',
        'callee mixer',
        "the callee's proxy asks and enforces, Mixer decides; a caller is never asked about its calls",
      ],
      [
        'report',
        'actions',
        'what Mixer is told of requests, where an instance is of a reporting template',
        'caller callee gateway mixer',
      ],
    ],
  ],
  ['QuotaSpec', [['quota', 'rules', 'quotas that requests use up', 'callee mixer']]],
];

function rowsOf(kind: string, rows: readonly Row[]): EnforcementRow[] {
  return rows.map(([id, fields, rule, by, note]) => {
    const row = { id, kind, fields: fields.split(' '), rule, by: by.split(' ') as Enforcer[] };
    return note === undefined ? row : { ...row, note };
  });
}

export const ENFORCEMENT: readonly EnforcementRow[] = [
  ...rowsOf('VirtualService', VIRTUAL_SERVICE),
  ...rowsOf('DestinationRule', DESTINATION_RULE),
  ...OTHERS.flatMap(([kind, rows]) => rowsOf(kind, rows)),
];

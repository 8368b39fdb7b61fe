import { describe, expect, it } from '@jest/globals';
import { CODES } from './codes.js';
import { findKind, MESH_CONFIG } from './kinds/registry.js';
import { formatPath } from './problem.js';
import { readSpec } from './validate.js';

function errors(group: string, name: string, spec: unknown): string[] {
  const kind = name === 'MeshConfig' ? MESH_CONFIG : findKind(group, name);
  if (!kind) throw new Error(`no kind ${name}`);
  const { problems } = readSpec(kind, spec, []);
  return problems.filter(({ code }) => CODES[code].level === 'Error').map(({ path }) => formatPath(path));
}

const destination = { host: 'a' };
const route = [{ destination }];
const http = (rule: object) => ({ hosts: ['a'], http: [rule] });
const certificate = { mode: 'SIMPLE', serverCertificate: '/etc/c.pem', privateKey: '/etc/k.pem' };
const port = { number: 80, name: 'http', protocol: 'HTTP' };
const dr = (trafficPolicy: object) => ({ host: 'a', trafficPolicy });
const server = { port, hosts: ['*'] };

/** Kind, what is good, and what is bad with the path of the field to blame. */
const NETWORKING: [string, unknown[], [string, unknown][]][] = [
  [
    'VirtualService',
    [
      http({ route }),
      http({ redirect: { uri: '/x' } }),
      http({ directResponse: { status: 503 } }),
      http({ route, timeout: '0s' }),
      http({
        route: [
          { destination, weight: 90 },
          { destination, weight: 10 },
        ],
      }),
      http({ match: [{ headers: { x: {} } }], route }),
      http({ route, retries: { attempts: 3, retryOn: '5xx,503', perTryTimeout: '25ms' } }),
      { hosts: ['*'], gateways: ['g'], http: [{ route }] },
      { hosts: ['*.a.b'], tls: [{ match: [{ sniHosts: ['x.a.b'] }], route }] },
      { hosts: ['a'], tcp: [{ route }] },
      { http: [{ route }] },
      http({ delegate: { name: 'a', namespace: 'b' } }),
      http({ redirect: { prefixRewrite: '/' } }),
      http({ match: [{ uri: { prefix: '' } }], route }),
      http({ match: [{ headers: { x: { regex: '*' } }, queryParams: { y: { regex: '*' } } }], route }),
      http({ match: [{ headers: { '@request.auth.claims[group][id]': { exact: 'x' } } }], route }),
      http({ match: [{ withoutHeaders: { '@request.auth.claims.group.id': { regex: '*' } } }], route }),
      http({ route, mirror: destination, mirrorPercent: 10 }),
      http({ route, headers: { request: { set: { x: '100%% %REQ(:path)% %PROTOCOL% %START_TIME(%s)%' } } } }),
      http({ route, rewrite: { uriRegexRewrite: { match: '^/(a)/(b)', rewrite: '/\\2/\\1' } } }),
      http({ route, websocketUpgrade: true }),
      http({ directResponse: { status: 200, body: { string: 'x'.repeat(1 << 20) } } }),
    ],
    [
      ['gateways', { http: [{ route }], gateways: ['g'] }],
      ['tcp', { tcp: [{ route }] }],
      ['http[0].delegate', { http: [{ delegate: { name: 'a' } }] }],
      ['http[0].delegate', http({ delegate: {} })],
      ['http[0]', http({ delegate: { name: 'a' }, route })],
      ['hosts[0]', { hosts: ['a.b.c', '*.b.c'], http: [{ route }] }],
      ['hosts[0]', { hosts: ['*'], http: [{ route }] }],
      ['hosts[1]', { hosts: ['a', 'a'], http: [{ route }] }],
      ['hosts[0]', { hosts: ['a b'], http: [{ route }] }],
      ['', { hosts: ['a'] }],
      ['http[0]', http({})],
      ['http[0]', http({ route, redirect: { uri: '/' } })],
      ['http[0].fault', http({ redirect: { uri: '/' }, fault: { abort: { httpStatus: 500 } } })],
      ['http[0].rewrite', http({ redirect: { uri: '/' }, rewrite: { uri: '/' } })],
      ['http[0].redirect', http({ redirect: {} })],
      ['http[0].redirect.redirectCode', http({ redirect: { uri: '/', redirectCode: 200 } })],
      ['http[0].directResponse.status', http({ directResponse: { status: 99 } })],
      [
        'http[0].route[0].weight',
        http({
          route: [
            { destination, weight: -1 },
            { destination, weight: 2 },
          ],
        }),
      ],
      ['http[0].route', http({ route: [{ destination }, { destination }] })],
      ['http[0].route[0].destination', http({ route: [{ destination: {} }] })],
      ['http[0].route[0].destination.host', http({ route: [{ destination: { host: '*.a' } }] })],
      [
        'http[0].route[0].destination.subset',
        http({ route: [{ destination: { host: 'a', subset: 'V_1' } }] }),
      ],
      [
        'http[0].route[0].destination.port.number',
        http({ route: [{ destination: { host: 'a', port: { number: 0 } } }] }),
      ],
      ['http[0].match[0].uri.regex', http({ match: [{ uri: { regex: '(?=a)' } }], route })],
      ['http[0].match[0].uri', http({ match: [{ uri: { exact: '/', prefix: '/' } }], route })],
      ['http[0].match[0].uri', http({ match: [{ uri: {} }], route })],
      ['http[0].match[0].uri.regex', http({ match: [{ uri: { regex: '*' } }], route })],
      ['http[0].match[0].method.prefix', http({ match: [{ method: { prefix: '' } }], route })],
      [
        'http[0].match[0].headers["@request.auth.claims"]',
        http({ match: [{ headers: { '@request.auth.claims': { exact: 'x' } } }], route }),
      ],
      ['http[0].match[0].port', http({ match: [{ port: 65536 }], route })],
      ['http[0].match[0].gateways[0]', http({ match: [{ gateways: ['a/b/c'] }], route })],
      ['http[0].fault', http({ route, fault: {} })],
      ['http[0].fault.abort', http({ route, fault: { abort: {} } })],
      ['http[0].fault.abort.httpStatus', http({ route, fault: { abort: { httpStatus: 600 } } })],
      [
        'http[0].fault.abort.percentage.value',
        http({ route, fault: { abort: { httpStatus: 500, percentage: { value: 101 } } } }),
      ],
      ['http[0].fault.delay', http({ route, fault: { delay: { percentage: { value: 1 } } } })],
      ['http[0].fault.delay.fixedDelay', http({ route, fault: { delay: { fixedDelay: '0.1ms' } } })],
      ['http[0].fault.delay.fixedDelay', http({ route, fault: { delay: { fixedDelay: 'soon' } } })],
      ['http[0].retries.attempts', http({ route, retries: { attempts: -1 } })],
      ['http[0].retries', http({ route, retries: { attempts: 0, retryOn: '5xx' } })],
      ['http[0].retries', http({ route, retries: { retryRemoteLocalities: true } })],
      ['http[0].mirrorPercent', http({ route, mirror: destination, mirrorPercent: 101 })],
      ['http[0].redirect', http({ redirect: { uri: '/a', prefixRewrite: '/b' } })],
      ['http[0].redirect.uri', http({ redirect: { uri: '/a\nb' } })],
      ['http[0].rewrite.authority', http({ route, rewrite: { authority: 'a\r\nb' } })],
      [
        'http[0].directResponse.body',
        http({ directResponse: { status: 200, body: { string: 'é'.repeat(1 << 20) } } }),
      ],
      [
        'http[0].headers',
        http({ route, rewrite: { authority: 'b' }, headers: { request: { set: { Host: 'c' } } } }),
      ],
      ...['50%', '%FOO%', '%REQ%', '%PROTOCOL(x)%', '%REQ(x%'].map((value): [string, unknown] => [
        'http[0].headers.request.set.x',
        http({ route, headers: { request: { set: { x: value } } } }),
      ]),
      ['http[0].retries.retryOn', http({ route, retries: { attempts: 1, retryOn: '5xx,often' } })],
      ['http[0].timeout', http({ route, timeout: '-1s' })],
      ['http[0].timeout', http({ route, timeout: 5 })],
      [
        'http[0].mirrorPercentage.value',
        http({ route, mirror: destination, mirrorPercentage: { value: -1 } }),
      ],
      ['http[0]', http({ route, mirror: destination, mirrors: [{ destination }] })],
      ['http[0].corsPolicy.allowMethods[0]', http({ route, corsPolicy: { allowMethods: ['FETCH'] } })],
      ['http[0].corsPolicy.allowOrigins[0]', http({ route, corsPolicy: { allowOrigins: [{}] } })],
      ['http[0].corsPolicy.maxAge', http({ route, corsPolicy: { maxAge: '1.5s' } })],
      [
        'http[0].headers.response.set[":status"]',
        http({ route, headers: { response: { set: { ':status': '1' } } } }),
      ],
      ['http[0].rewrite', http({ route, rewrite: {} })],
      ['http[0].unknown', http({ route, unknown: 1 })],
      ['tls[0].match[0].sniHosts[0]', { hosts: ['a'], tls: [{ match: [{ sniHosts: ['b'] }], route }] }],
      ['tcp[0]', { hosts: ['a'], tcp: [{}] }],
      ['exportTo[0]', { ...http({ route }), exportTo: ['A B'] }],
    ],
  ],
  [
    'DestinationRule',
    [
      { host: 'a', subsets: [{ name: 'v1', labels: { version: 'v1' } }, { name: 'v2' }] },
      dr({ loadBalancer: { consistentHash: { httpHeaderName: 'x', maglev: { tableSize: 65537 } } } }),
      dr({ connectionPool: { http: { maxRequestsPerConnection: 1 } } }),
      dr({ portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'DISABLE' } }] }),
    ],
    [
      ['host', {}],
      ['subsets[1]', { host: 'a', subsets: [{ name: 'v1' }, { name: 'v1' }] }],
      ['subsets[0].name', { host: 'a', subsets: [{ name: 'V 1' }] }],
      ['trafficPolicy', dr({})],
      [
        'trafficPolicy.loadBalancer',
        dr({ loadBalancer: { simple: 'RANDOM', consistentHash: { useSourceIp: true } } }),
      ],
      ['trafficPolicy.loadBalancer.simple', dr({ loadBalancer: { simple: 'FASTEST' } })],
      ['trafficPolicy.loadBalancer.consistentHash', dr({ loadBalancer: { consistentHash: {} } })],
      [
        'trafficPolicy.loadBalancer.consistentHash.httpCookie',
        dr({ loadBalancer: { consistentHash: { httpCookie: {} } } }),
      ],
      [
        'trafficPolicy.loadBalancer.consistentHash.maglev.tableSize',
        dr({ loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 4 } } } }),
      ],
      ['trafficPolicy.connectionPool', dr({ connectionPool: {} })],
      [
        'trafficPolicy.connectionPool.http',
        dr({ connectionPool: { http: { h2UpgradePolicy: 'UPGRADE', useClientProtocol: true } } }),
      ],
      [
        'trafficPolicy.outlierDetection.maxEjectionPercent',
        dr({ outlierDetection: { maxEjectionPercent: 101 } }),
      ],
      ['trafficPolicy.outlierDetection.interval', dr({ outlierDetection: { interval: '0s' } })],
      ['trafficPolicy.tls', dr({ tls: { mode: 'MUTUAL', clientCertificate: '/c' } })],
      ['trafficPolicy.tls', dr({ tls: { mode: 'ISTIO_MUTUAL', caCertificates: '/c' } })],
      ['trafficPolicy.portLevelSettings[0]', dr({ portLevelSettings: [{ tls: { mode: 'DISABLE' } }] })],
    ],
  ],
  [
    'Gateway',
    [
      { servers: [server] },
      {
        servers: [
          {
            port: { ...port, protocol: 'HTTPS' },
            hosts: ['ns/*.a.b'],
            tls: { mode: 'SIMPLE', credentialName: 'c' },
          },
        ],
      },
      { servers: [{ ...server, tls: { httpsRedirect: true } }] },
    ],
    [
      ['servers', {}],
      ['servers[0].hosts', { servers: [{ port }] }],
      ['servers[0].hosts[0]', { servers: [{ port, hosts: ['a/b/c'] }] }],
      ['servers[0].port', { servers: [{ hosts: ['*'] }] }],
      ['servers[0].port.number', { servers: [{ port: { ...port, number: 70000 }, hosts: ['*'] }] }],
      ['servers[0].port.protocol', { servers: [{ port: { ...port, protocol: 'SMTP' }, hosts: ['*'] }] }],
      ['servers[0].bind', { servers: [{ ...server, bind: 'here' }] }],
      ['servers[0]', { servers: [{ port: { ...port, protocol: 'HTTPS' }, hosts: ['*'] }] }],
      ['servers[0].tls', { servers: [{ ...server, tls: { mode: 'SIMPLE' } }] }],
      [
        'servers[0].tls',
        {
          servers: [
            {
              port: { ...port, protocol: 'TLS' },
              hosts: ['*'],
              tls: { mode: 'MUTUAL', serverCertificate: 'c', privateKey: 'k' },
            },
          ],
        },
      ],
      ['servers[1]', { servers: [server, server] }],
    ],
  ],
  [
    'ServiceEntry',
    [
      { hosts: ['a.b'], ports: [port], resolution: 'DNS' },
      { hosts: ['*.a.b'], ports: [port] },
      {
        hosts: ['a.b'],
        ports: [port],
        resolution: 'STATIC',
        endpoints: [{ address: '10.0.0.1', ports: { http: 8080 } }],
      },
      { hosts: ['a.b'], ports: [port], resolution: 'STATIC', workloadSelector: { labels: { app: 'a' } } },
      { hosts: ['a.b'], ports: [port], resolution: 'STATIC', endpoints: [{ address: 'unix:///run/a.sock' }] },
    ],
    [
      ['hosts', { ports: [port] }],
      ['hosts[0]', { hosts: ['*'], ports: [port] }],
      ['addresses[0]', { hosts: ['a.b'], addresses: ['10.0.0.0/33'] }],
      ['addresses[0]', { hosts: ['a.b'], addresses: ['10.0.0.0/8'], resolution: 'DNS' }],
      ['ports[1]', { hosts: ['a.b'], ports: [port, { ...port, number: 81 }] }],
      ['endpoints', { hosts: ['a.b'], ports: [port], endpoints: [{ address: '1.2.3.4' }] }],
      [
        '',
        {
          hosts: ['a.b'],
          ports: [port],
          resolution: 'STATIC',
          workloadSelector: {},
          endpoints: [{ address: '1.2.3.4' }],
        },
      ],
      ['hosts', { hosts: ['*.a.b'], ports: [port], resolution: 'DNS' }],
      [
        'endpoints',
        {
          hosts: ['a.b'],
          ports: [port],
          resolution: 'DNS_ROUND_ROBIN',
          endpoints: [{ address: 'x.y' }, { address: 'z.y' }],
        },
      ],
      [
        'endpoints[0].address',
        { hosts: ['a.b'], ports: [port], resolution: 'STATIC', endpoints: [{ address: 'x.y' }] },
      ],
      ['endpoints[0].address', { hosts: ['a.b'], ports: [port], resolution: 'STATIC', endpoints: [{}] }],
      [
        'endpoints[0].ports.grpc',
        {
          hosts: ['a.b'],
          ports: [port],
          resolution: 'STATIC',
          endpoints: [{ address: '1.2.3.4', ports: { grpc: 1 } }],
        },
      ],
      [
        'endpoints[0].address',
        { hosts: ['a.b'], ports: [port], resolution: 'STATIC', endpoints: [{ address: 'unix://relative' }] },
      ],
    ],
  ],
  [
    'WorkloadEntry',
    [
      { address: '10.0.0.1', ports: { http: 80 }, locality: 'eu/a' },
      { network: 'n' },
      { address: 'host.example' },
    ],
    [
      ['address', {}],
      ['address', { address: 'not a host' }],
      ['address', { address: `unix:///${'x'.repeat(107)}` }],
      ['ports.http', { address: '1.2.3.4', ports: { http: 0 } }],
      ['labels["bad key!"]', { address: '1.2.3.4', labels: { 'bad key!': 'x' } }],
      ['locality', { address: '1.2.3.4', locality: 'eu//x' }],
    ],
  ],
  [
    'WorkloadGroup',
    [{ template: { serviceAccount: 'a' } }],
    [
      ['template', {}],
      ['probe', { template: {}, probe: {} }],
      ['probe.httpGet.port', { template: {}, probe: { httpGet: { port: 0 } } }],
    ],
  ],
  [
    'Sidecar',
    [
      { egress: [{ hosts: ['./*', '~/*', 'ns/a.b'] }] },
      { ingress: [{ port, bind: '127.10.0.1', defaultEndpoint: 'unix:///tmp/x.sock' }] },
      { ingress: [{ port, defaultEndpoint: '127.0.0.1:8080' }] },
      { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
      {
        outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy: { host: 'out.a.b', port: { number: 80 } } },
      },
      { egress: [{ port: { ...port, number: 0 }, bind: 'unix:///tmp/x.sock', hosts: ['./*'] }] },
      { inboundConnectionPool: { http: { http2MaxRequests: 5 } } },
      { ingress: [{ port: { ...port, protocol: 'HTTPS' }, tls: certificate }] },
    ],
    [
      ['', {}],
      ['egress[0].hosts', { egress: [{ hosts: [] }] }],
      ['egress[0].hosts[0]', { egress: [{ hosts: ['a.b'] }] }],
      ['egress[0]', { egress: [{ hosts: ['*/*'] }, { port, hosts: ['*/*'] }] }],
      ['ingress[0].port', { ingress: [{ defaultEndpoint: '127.0.0.1:1' }] }],
      ['ingress[0].bind', { ingress: [{ port, bind: 'x' }] }],
      ['ingress[0].defaultEndpoint', { ingress: [{ port, defaultEndpoint: '10.0.0.1:80' }] }],
      ['ingress[1]', { ingress: [{ port }, { port: { ...port, name: 'b' } }] }],
      ['ingress[0].tls', { ingress: [{ port, tls: certificate }] }],
      ['ingress[0].tls', { ingress: [{ port: { ...port, protocol: 'HTTPS' }, tls: { mode: 'SIMPLE' } }] }],
      [
        'ingress[0].tls.mode',
        {
          ingress: [{ port: { ...port, protocol: 'HTTPS' }, tls: { ...certificate, mode: 'ISTIO_MUTUAL' } }],
        },
      ],
      ['ingress[0].connectionPool', { ingress: [{ port, connectionPool: {} }] }],
      ['egress[0].port.number', { egress: [{ port, bind: 'unix:///tmp/x.sock', hosts: ['./*'] }] }],
      ['outboundTrafficPolicy.egressProxy', { outboundTrafficPolicy: { egressProxy: { host: 'a.b' } } }],
    ],
  ],
];

const OTHERS: typeof NETWORKING = [
  [
    'rule',
    [{ match: 'true', actions: [{ handler: 'h', instances: ['i'] }] }],
    [
      ['actions[0]', { actions: [{}] }],
      ['requestHeaderOperations[0]', { requestHeaderOperations: [{ name: 'x' }] }],
    ],
  ],
  [
    'handler',
    [{ compiledAdapter: 'denier', params: { status: { code: 7 } } }],
    [
      ['compiledAdapter', {}],
      ['params', { compiledAdapter: 'x', params: [] }],
      ['adapter', { compiledAdapter: 'x', adapter: 'y' }],
    ],
  ],
  ['instance', [{ compiledTemplate: 'metric', params: { value: '1' } }], [['compiledTemplate', {}]]],
  [
    'attributemanifest',
    [{ attributes: { 'request.path': { valueType: 'STRING' } } }],
    [
      ['attributes["request.path"].valueType', { attributes: { 'request.path': { valueType: 'TEXT' } } }],
      ['attributes.a', { attributes: { a: {} } }],
    ],
  ],
  [
    'QuotaSpec',
    [{ rules: [{ quotas: [{ quota: 'q', charge: 1 }] }] }],
    [
      ['rules', {}],
      ['rules[0]', { rules: [{}] }],
      ['rules[0].quotas[0].charge', { rules: [{ quotas: [{ quota: 'q', charge: 0 }] }] }],
    ],
  ],
  [
    'QuotaSpecBinding',
    [{ services: [{ name: 'a' }], quotaSpecs: [{ name: 'q' }] }],
    [
      ['services', { quotaSpecs: [{ name: 'q' }] }],
      ['quotaSpecs', { services: [{ name: 'a' }] }],
    ],
  ],
];

const SECURITY: typeof NETWORKING = [
  [
    'PeerAuthentication',
    [
      { mtls: { mode: 'STRICT' } },
      { selector: { matchLabels: { app: 'a' } }, portLevelMtls: { 80: { mode: 'DISABLE' } } },
      {},
    ],
    [
      ['mtls.mode', { mtls: { mode: 'strict' } }],
      ['portLevelMtls', { portLevelMtls: { 80: { mode: 'DISABLE' } } }],
      ['portLevelMtls.http', { selector: { matchLabels: { app: 'a' } }, portLevelMtls: { http: {} } }],
    ],
  ],
];
const MESH: typeof NETWORKING = [
  [
    'MeshConfig',
    [
      { mixerCheckServer: 'istio-policy:9091', disablePolicyChecks: false, trustDomain: 'cluster.local' },
      { defaultConfig: {} },
    ],
    [
      ['mixerCheckServer', { mixerCheckServer: 'nowhere' }],
      ['connectTimeout', { connectTimeout: '0s' }],
      ['rootNamespace', { rootNamespace: 'A_B' }],
      ['nonsense', { nonsense: 1 }],
    ],
  ],
];

for (const [group, kinds] of [
  ['networking.istio.io', NETWORKING],
  ['security.istio.io', SECURITY],
  ['config.istio.io', OTHERS],
  ['mesh.istio.io', MESH],
] as const) {
  describe.each(kinds)(`${group} %s`, (kind, good, bad) => {
    it.each(good.map((spec) => [spec]))('takes %j', (spec) => expect(errors(group, kind, spec)).toEqual([]));
    it.each(bad)('blames %s', (path, spec) => expect(errors(group, kind, spec)).toContain(path));
  });
}

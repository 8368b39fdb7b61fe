import { describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/edge';
import type { Resource } from '#config';
import { Duration } from '#expressions';
import { checkAttributes } from './check-request.js';
import { evaluateExpression } from './evaluate.js';
import { httpLogAttributes } from './http-access-log.js';
import { readReporter } from './reporter.js';
import type { Reporter } from './reporter.js';
import { shortFlags } from './response-flags.js';
import { serviceOfCluster } from './service-names.js';
import { TcpConnections } from './tcp-access-log.js';
import { WorkloadDirectory } from './workload-directory.js';

const { ResponseFlags } = envoy.data.accesslog.v3;

const workload = (name: string, spec: object, kind = 'WorkloadEntry'): Resource => ({
  key: `networking.istio.io/${kind}/default/${name}`,
  ...{ group: 'networking.istio.io', kind, namespace: 'default', name },
  ...{ labels: {}, annotations: {}, creationTimestamp: '', spec },
});
const entry = (name: string, address: string, app: string, version: string, serviceAccount = app) =>
  workload(name, { address, serviceAccount, labels: { app, version } });

const directory = new WorkloadDirectory([
  entry('productpage-v1', '127.10.0.2', 'productpage', 'v1'),
  entry('reviews-v1', '127.10.0.4', 'reviews', 'v1', 'reviews-v1'),
  entry('ratings-v1', '127.10.0.7', 'ratings', 'v1'),
  entry('ratings-v2', '127.10.0.8', 'ratings', 'v2'),
  workload('ports', { address: '127.0.0.1', ports: { http: 9081 }, labels: { app: 'a' } }),
  workload('more-ports', { address: '127.0.0.1', ports: { http: 9082 }, labels: { app: 'b' } }),
  workload(
    'mongo',
    {
      hosts: ['mongo.example.com'],
      ports: [{ number: 27017, name: 'mongo' }],
      endpoints: [{ address: '10.9.9.9', labels: { app: 'mongo' } }],
    },
    'ServiceEntry',
  ),
]);
const PRODUCTPAGE = 'spiffe://cluster.local/ns/default/sa/productpage';
const socket = (address: string, portValue = 1) => ({ socketAddress: { address, portValue } });
const values = (bag: ReadonlyMap<string, unknown>, ...names: string[]) => names.map((name) => bag.get(name));

describe('the workload directory', () => {
  it('finds by identity, uid and address', () => {
    expect(directory.ofPrincipal('cluster.local/ns/default/sa/productpage')?.facts.name).toBe(
      'productpage-v1',
    );
    expect(directory.ofUid('kubernetes://reviews-v1.default')?.facts.labels?.get('version')).toBe('v1');
    expect(directory.ofAddress('127.10.0.4', 9080)?.facts.workloadName).toBe('reviews-v1');
    expect(directory.ofAddress('10.9.9.9', 27017)?.facts.labels?.get('app')).toBe('mongo');
    expect(directory.ofAddress('10.0.0.0')).toBeUndefined();
  });

  it('says of several that fit what they have in common', () => {
    const ratings = directory.ofPrincipal('cluster.local/ns/default/sa/ratings')?.facts;
    expect(ratings).toMatchObject({ namespace: 'default', serviceAccount: 'ratings' });
    expect([...(ratings?.labels ?? [])]).toEqual([['app', 'ratings']]);
    expect(ratings?.name).toBeUndefined();
  });

  it('tells workloads of one address apart by port', () => {
    expect(directory.ofAddress('127.0.0.1', 9082)?.facts.name).toBe('more-ports');
    expect(directory.ofAddress('127.0.0.1', 1)?.facts.name).toBeUndefined();
  });

  it('knows the namespace of an identity that has no entry', () => {
    expect(directory.ofPrincipal('cluster.local/ns/shop/sa/cart')?.facts).toEqual({
      namespace: 'shop',
      serviceAccount: 'cart',
    });
    expect(directory.ofPrincipal('cluster.local/foo')).toBeUndefined();
  });
});

describe('response flags', () => {
  it('are all known, each by its own code', () => {
    const fields = Object.keys(new ResponseFlags() && ResponseFlags.prototype).filter(
      (field) => !field.startsWith('$'),
    );
    expect(fields.length).toBeGreaterThanOrEqual(28);
    const codes = fields.map((field) =>
      shortFlags(
        field === 'unauthorizedDetails' ? { unauthorizedDetails: { reason: 1 } } : { [field]: true },
      ),
    );
    expect(codes).not.toContain('-');
    expect(new Set(codes).size).toBe(fields.length);
  });

  it('are joined in order; none is a dash', () => {
    expect(shortFlags({ upstreamRetryLimitExceeded: true, noHealthyUpstream: true })).toBe('UH,URX');
    expect(shortFlags({})).toBe('-');
    expect(shortFlags(undefined)).toBe('-');
  });
});

describe('services', () => {
  it.each([
    [
      'outbound|9080|v1|reviews.default.svc.cluster.local',
      ['reviews.default.svc.cluster.local', 'reviews', 'default'],
    ],
    ['outbound|443||api.example.com', ['api.example.com', 'api.example.com', undefined]],
    ['PassthroughCluster', [undefined, 'PassthroughCluster', undefined]],
    ['inbound|9080||reviews.default.svc.cluster.local', [undefined, undefined, undefined]],
  ])('of %s', (cluster, expected) => {
    const bag = new Map(serviceOfCluster(cluster));
    const names = ['host', 'name', 'namespace'].map((part) => `destination.service.${part}`);
    expect(values(bag, ...names)).toEqual(expected);
  });
});

describe('a check', () => {
  const context = {
    source: { address: socket('127.10.0.2'), principal: PRODUCTPAGE },
    destination: { address: socket('127.10.0.4', 9080) },
    request: {
      http: {
        ...{
          id: '1',
          method: 'GET',
          path: '/a?b=c',
          host: 'reviews',
          headers: { 'user-agent': 'x', 'x-forged-app': 'admin' },
        },
      },
    },
    contextExtensions: {
      ...{ 'context.reporter.kind': 'inbound', 'destination.uid': 'kubernetes://reviews-v1.default' },
      ...{ 'destination.namespace': 'default', 'source.principal': 'forged', unknown: 'x' },
    },
  };

  it('knows both sides', () => {
    const bag = checkAttributes(context, directory);
    expect(values(bag, 'source.workload.name', 'destination.workload.name')).toEqual([
      'productpage-v1',
      'reviews-v1',
    ]);
    expect(values(bag, 'source.principal', 'source.namespace', 'connection.mtls')).toEqual([
      ...['cluster.local/ns/default/sa/productpage', 'default', true],
    ]);
    expect(values(bag, 'request.url_path', 'destination.port', 'context.protocol', 'unknown')).toEqual([
      ...['/a', 9080, 'http', undefined],
    ]);
    expect((bag.get('request.query_params') as Map<string, string>).get('b')).toBe('c');
  });

  it('knows nobody without a certificate, whatever the proxy carries about the caller', () => {
    const { principal: _none, ...source } = context.source;
    const bag = checkAttributes({ ...context, source }, directory);
    expect(values(bag, 'source.principal', 'source.labels', 'connection.mtls')).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });
});

describe('a report', () => {
  const node = (NAME: string, logName: string) => ({
    logName,
    node: {
      metadata: {
        fields: {
          ...{
            NAME: { stringValue: NAME },
            WORKLOAD_NAME: { stringValue: NAME },
            NAMESPACE: { stringValue: 'default' },
          },
          LABELS: { structValue: { fields: { app: { stringValue: NAME.split('-')[0] ?? '' } } } },
        },
      },
    },
  });
  const inbound = readReporter(node('reviews-v1', 'inbound'), undefined) as Reporter;
  const outbound = readReporter(node('productpage-v1', 'outbound'), undefined) as Reporter;

  it('of the callee has the caller by its certificate', () => {
    const common = {
      downstreamLocalAddress: socket('127.10.0.4', 9080),
      tlsProperties: { peerCertificateProperties: { subjectAltName: [{ dns: 'x' }, { uri: PRODUCTPAGE }] } },
      timeToLastDownstreamTxByte: { seconds: 1, nanos: 5e8 },
      duration: { seconds: 9 },
    };
    const bag = httpLogAttributes(
      { commonProperties: common, response: { responseCode: { value: 200 } } },
      inbound,
      directory,
    );
    expect(values(bag, 'source.workload.name', 'destination.workload.name', 'response.code')).toEqual([
      ...['productpage-v1', 'reviews-v1', 200],
    ]);
    expect(bag.get('response.duration')).toEqual(new Duration(1.5e9));
    expect(values(bag, 'destination.port', 'connection.mtls', 'context.proxy_error_code')).toEqual([
      9080,
      true,
      '-',
    ]);
  });

  it('of the caller has the callee by the address that was called', () => {
    const common = {
      upstreamRemoteAddress: socket('127.10.0.4', 9080),
      upstreamCluster: 'outbound|9080||reviews.default.svc.cluster.local',
      tlsProperties: { peerCertificateProperties: { subjectAltName: [{ uri: PRODUCTPAGE }] } },
    };
    const bag = httpLogAttributes({ commonProperties: common }, outbound, directory);
    expect(
      values(bag, 'source.workload.name', 'destination.workload.name', 'destination.service.name'),
    ).toEqual([...['productpage-v1', 'reviews-v1', 'reviews']]);
    expect(values(bag, 'source.principal', 'connection.mtls')).toEqual([undefined, false]);
  });

  it('has the service by the route where no cluster was called', () => {
    const common = { customTags: { 'destination.service.host': 'reviews.default.svc.cluster.local' } };
    const bag = httpLogAttributes({ commonProperties: common }, outbound, directory);
    expect(values(bag, 'destination.service.name', 'destination.workload.name')).toEqual([
      'reviews',
      undefined,
    ]);
  });

  it('knows gRPC, its status, and headers that have fields of their own', () => {
    const request = {
      requestMethod: 3,
      authority: 'reviews',
      requestHeaders: { 'content-type': 'application/grpc' },
    };
    const bag = httpLogAttributes(
      {
        request: { ...request, userAgent: 'grpc-go' },
        response: { responseTrailers: { 'grpc-status': '14' } },
      },
      ...([inbound, directory] as const),
    );
    expect(
      values(bag, 'context.protocol', 'response.grpc_status', 'request.method', 'request.useragent'),
    ).toEqual([...['grpc', '14', 'POST', 'grpc-go']]);
    const headers = bag.get('request.headers') as { get(name: string): string | undefined };
    expect([headers.get(':authority'), headers.get('user-agent'), headers.get('toString')]).toEqual([
      'reviews',
      'grpc-go',
      undefined,
    ]);
  });

  it('is believed only in the name of who is proven to speak', () => {
    const proven = { namespace: 'default', serviceAccount: 'reviews-v1' };
    expect(readReporter(node('reviews-v1', 'inbound'), proven)?.workload.facts).toMatchObject(proven);
    expect(readReporter(node('reviews-v1', 'inbound'), { ...proven, namespace: 'other' })).toBeUndefined();
  });

  it('counts what each entry adds to a connection', () => {
    const connections = new TcpConnections();
    const log = (accessLogType: number, receivedBytes: number, streamId = 's') =>
      values(
        connections.attributes(
          {
            commonProperties: { accessLogType, streamId },
            connectionProperties: { receivedBytes, sentBytes: 1 },
          },
          ...([inbound, directory] as const),
        ),
        ...[
          'connection.event',
          'connection.received.bytes',
          'connection.received.bytes_total',
          'connection.sent.bytes',
        ],
      );
    expect(log(14, 0)).toEqual(['open', 0, 0, 1]);
    expect(log(1, 10)).toEqual(['continue', 10, 10, 0]);
    expect(log(2, 10, 'other')).toEqual(['continue', 10, 10, 1]);
    expect(log(3, 25)).toEqual(['close', 15, 25, 0]);
    expect(log(3, 7)).toEqual(['close', 7, 7, 1]);
  });
});

describe('expressions over JSON', () => {
  it.each([
    [
      'request.path.startsWith("/a")',
      { 'request.path': '/a/b' },
      { type: 'BOOL', value: true, attributes: ['request.path'] },
    ],
    [
      'response.duration > "10ms"',
      { 'response.duration': '20ms' },
      { type: 'BOOL', value: true, attributes: ['response.duration'] },
    ],
    [
      'shop.tenant | "none"',
      { 'shop.tenant': 'x' },
      { type: 'STRING', value: 'x', attributes: ['shop.tenant'] },
    ],
    [
      'source.ip',
      { 'source.ip': '10.0.0.1' },
      { type: 'IP_ADDRESS', value: '10.0.0.1', attributes: ['source.ip'] },
    ],
    [
      'source.labels',
      { 'source.labels': { a: 'b' } },
      { type: 'STRING_MAP', value: { a: 'b' }, attributes: ['source.labels'] },
    ],
    ['1 +', {}, { error: 'unexpected the end', position: 3 }],
    ['request.path', {}, { error: "lookup failed: 'request.path'" }],
    ['true', { 'response.code': 'x' }, { error: 'attribute response.code: not a INT64' }],
  ])('%s', (text, attributes, expected) => {
    expect(evaluateExpression(text, attributes)).toEqual(expected);
  });
});

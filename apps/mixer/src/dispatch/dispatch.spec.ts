import { describe, expect, it } from '@jest/globals';
import type { Value } from '#expressions';
import { Duration, IpAddress, Timestamp } from '#expressions';
import { TestRuntime } from '../testing/runtime.js';
import { samplesOf } from '../testing/samples.js';
import { yamlFiles } from '../testing/config.js';
import { DispatchError } from './dispatcher.js';
import { ReportBatch } from './report.js';
import { checkRequest } from './request-check.js';

const resource = (kind: string, name: string, spec: string, namespace = 'istio-system') =>
  `apiVersion: config.istio.io/v1alpha2\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n---\n`;

const NOTHING = resource('instance', 'nothing', '{ compiledTemplate: checknothing }');
const denier = (name: string, code: string, message: string, namespace?: string) =>
  resource(
    'handler',
    name,
    `{ compiledAdapter: denier, params: { status: { code: ${code}, message: ${message} } } }`,
    namespace,
  );
const rule = (name: string, handler: string, instance: string, match = '', namespace?: string) =>
  resource(
    'rule',
    name,
    `{ match: ${JSON.stringify(match)}, actions: [{ handler: ${handler}, instances: [${instance}] }] }`,
    namespace,
  );

const bag = (values: Record<string, Value>) => new Map(Object.entries(values));

function check(runtime: TestRuntime, values: Record<string, Value> = {}) {
  const outcome = checkRequest(bag(values), runtime.current, runtime.observer);
  return outcome instanceof DispatchError ? outcome.message : outcome.status;
}

const PERMITTED = { code: 0, message: '' };

describe('check', () => {
  it('passes what no rule speaks about', () => {
    const runtime = new TestRuntime('');
    const outcome = checkRequest(bag({}), runtime.current, runtime.observer);
    expect(outcome).toMatchObject({ status: PERMITTED, validDuration: 60_000, validUseCount: 10_000 });
  });

  it('takes the code of the first refusal, in the order of the names, and all messages', () => {
    const runtime = new TestRuntime(
      NOTHING +
        denier('b', '7', 'second') +
        denier('a', '16', 'first') +
        rule('r2', 'b', 'nothing') +
        rule('r1', 'a', 'nothing'),
    );
    expect(check(runtime)).toEqual({
      code: 16,
      message: 'a.handler.istio-system:first, b.handler.istio-system:second',
    });
  });

  it('applies the rules of the reporting side, and those of the default namespace', () => {
    const runtime = new TestRuntime(
      NOTHING +
        resource('instance', 'nothing', '{ compiledTemplate: checknothing }', 'shop') +
        denier('shop', '7', 'shop', 'shop') +
        denier('all', '9', 'all') +
        rule('shop', 'shop', 'nothing', '', 'shop') +
        rule('all', 'all', 'nothing', 'request.path == "/all"'),
    );
    expect(check(runtime, { 'destination.namespace': 'shop' })).toMatchObject({ code: 7 });
    expect(check(runtime, { 'destination.namespace': 'other' })).toEqual(PERMITTED);
    expect(check(runtime, { 'context.reporter.kind': 'outbound', 'source.namespace': 'shop' })).toMatchObject(
      { code: 7 },
    );
    expect(check(runtime, { 'context.reporter.kind': 'outbound', 'destination.namespace': 'shop' })).toEqual(
      PERMITTED,
    );
    const both = check(runtime, { 'destination.namespace': 'shop', 'request.path': '/all' });
    expect(both).toEqual({ code: 9, message: 'all.handler.istio-system:all, shop.handler.shop:shop' });
  });

  it('takes a condition that cannot be evaluated for not met', () => {
    const runtime = new TestRuntime(
      NOTHING + denier('d', '7', 'no') + rule('r', 'd', 'nothing', 'source.labels["a"] == "b"'),
    );
    expect(check(runtime)).toEqual(PERMITTED);
    expect(check(runtime, { 'source.labels': new Map([['a', 'b']]) })).toMatchObject({ code: 7 });
  });

  it('has no decision where an instance cannot be made', () => {
    const list = resource('handler', 'list', '{ compiledAdapter: listchecker, params: { overrides: [a] } }');
    const entry = resource(
      'instance',
      'entry',
      '{ compiledTemplate: listentry, params: { value: \'source.labels["v"]\' } }',
    );
    const runtime = new TestRuntime(list + entry + rule('r', 'list', 'entry'));
    expect(check(runtime)).toBe("entry.instance.istio-system: lookup failed: 'source.labels'");
  });

  it.each([
    ['{ overrides: [v1, v2] }', 'v1', 0, ''],
    ['{ overrides: [v1, v2] }', 'v3', 7, 'v3 is not whitelisted'],
    ['{ overrides: [v3], blacklist: true }', 'v3', 7, 'v3 is blacklisted'],
    ['{ overrides: [V1], entryType: CASE_INSENSITIVE_STRINGS }', 'v1', 0, ''],
    ["{ overrides: ['^v[12]$'], entryType: REGEX }", 'v2', 0, ''],
    ["{ overrides: ['^v[12]$'], entryType: REGEX }", 'v21', 7, 'v21 is not whitelisted'],
    ['{ overrides: [10.0.0.0/8, 192.168.1.1], entryType: IP_ADDRESSES }', '10.2.3.4', 0, ''],
    [
      '{ overrides: [10.0.0.0/8, 192.168.1.1], entryType: IP_ADDRESSES }',
      '192.168.1.2',
      7,
      '192.168.1.2 is not whitelisted',
    ],
    ["{ overrides: ['2001:db8::/33'], entryType: IP_ADDRESSES }", '2001:db8:7fff::1', 0, ''],
    ['{ overrides: [10.0.0.0/8], entryType: IP_ADDRESSES }', 'x', 3, 'x is not a valid entry'],
  ])('checks lists: %s %s', (params, value, code, message) => {
    const handler = resource('handler', 'list', `{ compiledAdapter: listchecker, params: ${params} }`);
    const entry = resource(
      'instance',
      'entry',
      '{ compiledTemplate: listentry, params: { value: \'source.labels["v"]\' } }',
    );
    const runtime = new TestRuntime(handler + entry + rule('r', 'list', 'entry'));
    const status = check(runtime, { 'source.labels': new Map([['v', value]]) });
    expect(status).toEqual({ code, message: code === 0 ? '' : `list.handler.istio-system:${message}` });
  });

  it('lets a list of addresses be asked by an attribute of that type', () => {
    const handler = resource(
      'handler',
      'list',
      '{ compiledAdapter: listchecker, params: { overrides: [10.0.0.0/8], entryType: IP_ADDRESSES } }',
    );
    const entry = resource(
      'instance',
      'entry',
      '{ compiledTemplate: listentry, params: { value: source.ip } }',
    );
    const runtime = new TestRuntime(handler + entry + rule('r', 'list', 'entry'));
    expect(check(runtime, { 'source.ip': IpAddress.parse('10.1.1.1') as Value })).toEqual(PERMITTED);
    expect(check(runtime, { 'source.ip': IpAddress.parse('11.1.1.1') as Value })).toMatchObject({ code: 7 });
  });
});

describe('quotas of Bookinfo', () => {
  const files = yamlFiles('samples/bookinfo/policy');
  const request = {
    'destination.service.host': 'details.default.svc.cluster.local',
    'destination.labels': new Map([['app', 'details']]),
  };
  const ask = (runtime: TestRuntime, id: string, values = {}) =>
    (check(runtime, { ...request, 'request.id': id, ...values }) as { code: number }).code;

  it('hold over a rolling window, per request id once', () => {
    const runtime = new TestRuntime(files);
    const first = Array.from({ length: 10 }, (_, i) => ask(runtime, `a${i}`));
    expect(first).toEqual(Array(10).fill(0));
    expect(ask(runtime, 'b')).toBe(8);
    expect(ask(runtime, 'a3')).toBe(0);
    runtime.now += 4_900;
    expect(ask(runtime, 'c')).toBe(8);
    runtime.now += 200;
    expect(ask(runtime, 'd')).toBe(0);
  });

  it('concern the service that is bound alone, at the callee', () => {
    const runtime = new TestRuntime(files);
    for (let i = 0; i < 10; i++) ask(runtime, `a${i}`);
    expect(ask(runtime, 'b', { 'destination.service.host': 'ratings.default.svc.cluster.local' })).toBe(0);
    expect(ask(runtime, 'c', { 'context.reporter.kind': 'outbound' })).toBe(0);
    expect(ask(runtime, 'd')).toBe(8);
  });

  it('keep counting over a change of other config', () => {
    const runtime = new TestRuntime(files);
    for (let i = 0; i < 10; i++) ask(runtime, `a${i}`);
    runtime.use({
      ...files,
      'more.yaml': NOTHING + denier('x', '7', 'no') + rule('x', 'x', 'nothing', 'request.path == "/x"'),
    });
    expect(ask(runtime, 'b')).toBe(8);
    runtime.use({
      ...files,
      'limit-details.yaml': (files['limit-details.yaml'] ?? '').replace('maxAmount: 10', 'maxAmount: 20'),
    });
    expect(ask(runtime, 'c')).toBe(0);
  });
});

describe('reports by Bookinfo', () => {
  const values = {
    ...{ 'context.protocol': 'http', 'context.reporter.kind': 'inbound', 'destination.namespace': 'default' },
    ...{
      'response.code': 200,
      'response.duration': new Duration(30e6),
      'request.size': 0,
      'response.size': 1234,
    },
    'destination.service.name': 'reviews',
    'request.host': 'reviews:9080',
    'request.time': new Timestamp(1_573_732_800, 5e8),
  };
  const report = (runtime: TestRuntime, ...items: Record<string, Value>[]) => {
    const batch = new ReportBatch(runtime.current, runtime.observer);
    for (const item of items) batch.add(bag(item));
    batch.flush();
  };

  it('make the four HTTP metrics', () => {
    const runtime = new TestRuntime(yamlFiles('samples/bookinfo'));
    expect(runtime.current.snapshot.diagnostics).toEqual([]);
    report(runtime, values, values, { ...values, 'response.code': 500 });
    report(runtime, { ...values, 'request.useragent': 'kube-probe/1.14' });
    const page = runtime.metrics.render(runtime.now);
    const count = (name: string, labels = {}) => samplesOf(page, name, labels).map(({ value }) => value);
    expect(count('istio_requests_total', { response_code: '200' })).toEqual([2]);
    expect(count('istio_requests_total', { response_code: '500' })).toEqual([1]);
    expect(count('istio_request_duration_seconds_bucket', { response_code: '200', le: '0.025' })).toEqual([
      0,
    ]);
    expect(count('istio_request_duration_seconds_bucket', { response_code: '200', le: '0.05' })).toEqual([2]);
    expect(count('istio_request_duration_seconds_sum', { response_code: '200' })).toEqual([0.06]);
    expect(count('istio_response_bytes_bucket', { response_code: '200', le: '1000' })).toEqual([0]);
    expect(count('istio_response_bytes_bucket', { response_code: '200', le: '10000' })).toEqual([2]);
    expect(count('istio_request_bytes_bucket', { response_code: '500', le: '+Inf' })).toEqual([1]);
    const [sample] = samplesOf(page, 'istio_requests_total', { response_code: '200' });
    expect(sample?.labels).toMatchObject({
      destination_service: 'reviews:9080',
      request_protocol: 'http',
      source_app: 'unknown',
    });
    expect(Object.keys(sample?.labels ?? {})).toHaveLength(20);
  });

  it('write a line for what went wrong', () => {
    const runtime = new TestRuntime(yamlFiles('samples/bookinfo'));
    report(runtime, { ...values, 'response.code': 503, 'context.proxy_error_code': 'UH' }, values);
    expect(runtime.lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        instance: 'accesslog.instance.istio-system',
        responseFlags: 'UH',
        latency: '30ms',
        time: '2019-11-14T12:00:00.5Z',
        responseCode: 503,
      }),
    ]);
    expect(Object.keys(JSON.parse(runtime.lines[0] ?? '{}')).slice(0, 4)).toEqual([
      'level',
      'time',
      'instance',
      'connection_security_policy',
    ]);
  });

  it('forget series that nobody touches', () => {
    const runtime = new TestRuntime(yamlFiles('samples/bookinfo'));
    report(runtime, values);
    runtime.now += 599_000;
    expect(runtime.metrics.render(runtime.now)).toMatch('istio_requests_total{');
    runtime.now += 2_000;
    expect(runtime.metrics.render(runtime.now)).not.toMatch('istio_requests_total{');
  });

  it('cost nothing else where one instance fails', () => {
    const broken =
      resource(
        'instance',
        'broken',
        '{ compiledTemplate: metric, params: { value: request.size, dimensions: { a: \'source.labels["none"]\' } } }',
      ) +
      resource(
        'handler',
        'other',
        '{ compiledAdapter: prometheus, params: { metrics: [{ name: broken, instance_name: broken.instance.istio-system, kind: COUNTER, label_names: [a] }] } }',
      ) +
      rule('a-first', 'other', 'broken');
    const runtime = new TestRuntime({ ...yamlFiles('samples/bookinfo'), 'broken.yaml': broken });
    report(runtime, values, { ...values, 'source.labels': new Map([['none', 'some']]) });
    const page = runtime.metrics.render(runtime.now);
    expect(samplesOf(page, 'istio_broken', { a: 'some' })).toHaveLength(1);
    expect(samplesOf(page, 'istio_requests_total', {})[0]?.value).toBe(2);
    expect(runtime.complaints).toEqual(['some instances of a report could not be made']);
  });
});

describe('attribute generators', () => {
  it('add what they find by uid or address, by the bindings', () => {
    const runtime = new TestRuntime({
      'workloads.yaml': yamlFiles('samples/bookinfo')['workloads.yaml'] ?? '',
      'config.yaml':
        resource('handler', 'kubernetesenv', '{ compiledAdapter: kubernetesenv }') +
        resource(
          'instance',
          'attributes',
          `
  compiledTemplate: kubernetes
  params:
    source_uid: source.uid | ""
    source_ip: source.ip | ip("0.0.0.0")
    destination_uid: destination.uid | ""
    destination_port: destination.port | 0
  attributeBindings:
    source.workload.name: $out.source_workload_name | "unknown"
    source.labels: $out.source_labels | emptyStringMap()
    destination.workload.name: $out.destination_workload_name | "unknown"
`,
        ) +
        rule('attributes', 'kubernetesenv', 'attributes') +
        NOTHING +
        denier('d', '7', 'no') +
        rule(
          'deny',
          'd',
          'nothing',
          'source.workload.name == "reviews-v3" && destination.workload.name == "unknown"',
        ),
    });
    expect(runtime.current.snapshot.diagnostics).toEqual([]);
    expect(check(runtime, { 'source.uid': 'kubernetes://reviews-v3.default' })).toMatchObject({ code: 7 });
    expect(check(runtime, { 'source.ip': IpAddress.parse('127.10.0.6') as Value })).toMatchObject({
      code: 7,
    });
    expect(check(runtime, { 'source.uid': 'kubernetes://reviews-v2.default' })).toEqual(PERMITTED);
  });
});

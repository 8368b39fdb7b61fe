import { describe, expect, it } from '@jest/globals';
import { CODES } from '../codes.js';
import type { Kind } from '../kinds/registry.js';
import { MESH_CONFIG, findKind } from '../kinds/registry.js';
import { formatPath } from '../problem.js';
import { readSpec } from '../validate.js';

function findings(kind: Kind | undefined, spec: unknown, level: string): string[] {
  if (!kind) throw new Error('no such kind');
  const { problems } = readSpec(kind, spec, []);
  return problems.filter(({ code }) => CODES[code].level === level).map(({ path }) => formatPath(path));
}

const provider = (fields: object) => ({ extensionProviders: [{ name: 'a', ...fields }] });
const fileLog = (logFormat: object) => provider({ envoyFileAccessLog: { path: '/x', logFormat } });
const tracing = (fields: object) => ({ defaultConfig: { tracing: fields } });

describe('MeshConfig', () => {
  it.each([
    [{ meshMTLS: { minProtocolVersion: 'TLSV1_3' }, trustDomainAliases: ['old.example'] }],
    [{ accessLogEncoding: 'JSON', accessLogFormat: '{"path": "%REQ(:PATH)%"}' }],
    [{ outboundClusterStatName: '%SERVICE%_%SERVICE_PORT%' }],
    [{ discoverySelectors: [{}, { matchExpressions: [{ key: 'a', operator: 'Exists' }] }] }],
    [{ pathNormalization: { normalization: 'MERGE_SLASHES' } }],
    [provider({ zipkin: { service: 'observe/zipkin.observe.svc.cluster.local', port: 9411 } })],
    [
      provider({
        opentelemetry: { service: 'otel', port: 4318, http: { path: '/v1/traces', timeout: '1s' } },
      }),
    ],
    [fileLog({ labels: { a: { b: '%TRACE_ID%' } } })],
    [
      tracing({
        zipkin: { address: 'zipkin:9411' },
        sampling: 12.5,
        customTags: { a: { literal: { value: 'b' } } },
      }),
    ],
    [{ defaultConfig: { gatewayTopology: { numTrustedProxies: 2, forwardClientCertDetails: 'SANITIZE' } } }],
  ])('may say %j', (spec) => {
    expect(findings(MESH_CONFIG, spec, 'Error')).toEqual([]);
    expect(findings(MESH_CONFIG, spec, 'Warning')).toEqual([]);
  });

  it.each([
    ['defaultConfig.tracing.sampling', tracing({ sampling: 101 })],
    ['defaultConfig.tracing.zipkin.address', tracing({ zipkin: { address: 'nowhere' } })],
    [
      'defaultConfig.proxyStatsMatcher.inclusionRegexps[0]',
      { defaultConfig: { proxyStatsMatcher: { inclusionRegexps: ['('] } } },
    ],
    [
      'discoverySelectors[0].matchExpressions[0].values',
      { discoverySelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
    ],
    [
      'discoverySelectors[0].matchExpressions[0].values',
      { discoverySelectors: [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }] },
    ],
    [
      'discoverySelectors[0].matchExpressions[0].operator',
      { discoverySelectors: [{ matchExpressions: [{ key: 'a' }] }] },
    ],
    ['meshMTLS.cipherSuites[0]', { meshMTLS: { cipherSuites: ['ROT13'] } }],
    ['tlsDefaults.ecdhCurves[0]', { tlsDefaults: { ecdhCurves: ['P-1'] } }],
    ['accessLogFormat', { accessLogFormat: '%NONSENSE%' }],
    ['accessLogFormat', { accessLogFormat: 'plain', accessLogEncoding: 'JSON' }],
    ['outboundClusterStatName', { outboundClusterStatName: '%HOST%' }],
    ['trustDomainAliases[0]', { trustDomainAliases: ['a b'] }],
    ['proxyInboundListenPort', { proxyListenPort: 15001, proxyInboundListenPort: 15001 }],
    ['defaultHttpRetryPolicy.retryOn', { defaultHttpRetryPolicy: { attempts: 1, retryOn: 'luck' } }],
    ['extensionProviders[0]', provider({ prometheus: {}, envoyTcpAls: { service: 'a', port: 1 } })],
    ['extensionProviders[0].zipkin.port', provider({ zipkin: { service: 'z' } })],
    ['extensionProviders[1]', { extensionProviders: [1, 2].map(() => ({ name: 'a', prometheus: {} })) }],
    ['extensionProviders[0].envoyFileAccessLog.logFormat.labels.a', fileLog({ labels: { a: 1 } })],
    ['extensionProviders[0].envoyFileAccessLog.logFormat', fileLog({ text: 'a', labels: { a: 'b' } })],
  ])('is refused for %s', (path, spec) => expect(findings(MESH_CONFIG, spec, 'Error')).toEqual([path]));

  it.each([
    ['ingressService', { ingressService: 'istio-ingressgateway' }],
    [
      'defaultConfig.holdApplicationUntilProxyStarts',
      { defaultConfig: { holdApplicationUntilProxyStarts: true } },
    ],
    ['defaultConfig.concurrency', { defaultConfig: { concurrency: 2 } }],
    ['extensionProviders[0].stackdriver', provider({ stackdriver: {} })],
    ['defaultProviders.tracing[0]', { defaultProviders: { tracing: ['jaeger'] } }],
    ['defaultConfig.statsdUdpAddress', { defaultConfig: { statsdUdpAddress: '10.0.0.1:8125' } }],
    [
      'defaultConfig.connectionSettings.globalDownstreamConnectionLimit',
      { defaultConfig: { connectionSettings: { globalDownstreamConnectionLimit: 5 } } },
    ],
  ])('is taken with a word about %s', (path, spec) => {
    expect(findings(MESH_CONFIG, spec, 'Error')).toEqual([]);
    expect(findings(MESH_CONFIG, spec, 'Warning')).toEqual([path]);
  });
});

describe('Telemetry', () => {
  const kind = findKind('telemetry.istio.io', 'Telemetry');
  const tag = (form: object) => ({ tracing: [{ customTags: { a: form } }] });
  const filter = (expression: string) => ({ accessLogging: [{ filter: { expression } }] });

  it.each([
    [{}],
    [tag({ formatter: { value: '%REQ(:PATH)%' } })],
    [tag({ environment: { name: 'POD' } })],
    [{ tracing: [{ match: { mode: 'CLIENT' }, providers: [{ name: 'z' }], randomSamplingPercentage: 0.5 }] }],
    [{ accessLogging: [{ disabled: true }, { match: { mode: 'SERVER' } }] }],
    [filter('response.code >= 400')],
  ])('may say %j', (spec) => {
    expect(findings(kind, spec, 'Error')).toEqual([]);
    expect(findings(kind, spec, 'Warning')).toEqual([]);
  });

  it.each([
    ['tracing[0].randomSamplingPercentage', { tracing: [{ randomSamplingPercentage: 101 }] }],
    ['tracing[0].customTags.a', tag({})],
    ['tracing[0].customTags.a.formatter.value', tag({ formatter: { value: '%X%' } })],
    ['accessLogging[0].filter.expression', filter('response.code >=')],
    ['accessLogging[0].providers[0].name', { accessLogging: [{ providers: [{}] }] }],
    ['accessLogging[0].match.mode', { accessLogging: [{ match: { mode: 'client' } }] }],
    ['', { selector: { matchLabels: {} }, targetRefs: [{ kind: 'Gateway', name: 'a' }] }],
  ])('is refused for %s', (path, spec) => expect(findings(kind, spec, 'Error')).toEqual([path]));

  it('says that metrics have no effect', () =>
    expect(findings(kind, { metrics: [{ reportingInterval: '5s' }] }, 'Warning')).toEqual(['metrics']));
});

describe('ProxyConfig', () => {
  const kind = findKind('networking.istio.io', 'ProxyConfig');
  it('may set concurrency and environment, which proxies are not told', () => {
    const spec = { concurrency: 2, environmentVariables: { A: 'b' } };
    expect(findings(kind, spec, 'Error')).toEqual([]);
    expect(findings(kind, spec, 'Warning')).toEqual(['concurrency', 'environmentVariables']);
  });
  it('is refused for a number that is none', () =>
    expect(findings(kind, { concurrency: -1 }, 'Error')).toEqual(['concurrency']));
});

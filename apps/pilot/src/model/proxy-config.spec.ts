import { describe, expect, it } from '@jest/globals';
import { proxyFromNode } from './node.js';
import { effectiveProxyConfig } from './proxy-config.js';

const none = { mesh: {}, root: undefined, namespace: undefined, own: {}, workload: undefined };

describe('the configuration of a proxy', () => {
  it('is taken field by field, the more specific source first', () => {
    const config = effectiveProxyConfig({
      mesh: { tracing: { sampling: 1 }, meshId: 'm' },
      root: { concurrency: 1, environmentVariables: { A: 'root', B: 'root' } },
      namespace: { concurrency: 2 },
      own: { tracing: { zipkin: { address: 'z:1' } } },
      workload: { selector: { matchLabels: { app: 'a' } }, environmentVariables: { A: 'own' } },
    });
    expect(config).toEqual({
      tracing: { zipkin: { address: 'z:1' } },
      meshId: 'm',
      concurrency: 2,
      environmentVariables: { A: 'own', B: 'root' },
    });
  });

  it('is nothing where nobody says anything', () => expect(effectiveProxyConfig(none)).toEqual({}));
});

describe('PROXY_CONFIG', () => {
  const configOf = (value: unknown) => {
    const id = 'sidecar~10.0.0.1~a.b~b.svc.cluster.local';
    const result = proxyFromNode({ id, cluster: '', metadata: { PROXY_CONFIG: value } });
    return result.ok ? result.proxy.proxyConfig : undefined;
  };

  it('is kept as far as Pilot reads it', () =>
    expect(configOf({ concurrency: 2, gateway_topology: { num_trusted_proxies: 1 } })).toEqual({
      gatewayTopology: { numTrustedProxies: 1 },
    }));

  it.each([
    ['text'],
    [{ tracing: { sampling: 'often' } }],
    [{ nonsense: true }],
    [{ configPath: 'x'.repeat(30_000) }],
  ])('counts as nothing where it is %j', (value) => expect(configOf(value)).toEqual({}));
});

import { describe, expect, it } from '@jest/globals';
import { CODES } from '../codes.js';
import { findKind } from '../kinds/registry.js';
import { formatPath } from '../problem.js';
import { readSpec } from '../validate.js';

/** What is found in a DestinationRule with this policy: `level path`, the path within the policy. */
function findings(trafficPolicy: object): string[] {
  const kind = findKind('networking.istio.io', 'DestinationRule');
  if (!kind) throw new Error('no such kind');
  const { problems } = readSpec(kind, { host: 'a', trafficPolicy }, []);
  return problems.map(
    ({ code, path }) => `${CODES[code].level} ${formatPath(path).replace('trafficPolicy.', '')}`,
  );
}

const lb = (settings: object) => ({ loadBalancer: settings });
const hash = (settings: object) => lb({ consistentHash: { useSourceIp: true, ...settings } });
const locality = (settings: object) => ({
  outlierDetection: { interval: '1s' },
  ...lb({ localityLbSetting: settings }),
});
const to = (shares: object) => locality({ distribute: [{ from: 'us/*', to: shares }] });
const http = (settings: object) => ({ connectionPool: { http: settings } });

describe('a traffic policy', () => {
  it.each([
    lb({
      consistentHash: {
        httpCookie: { name: 'c', ttl: '0s', attributes: [{ name: 'SameSite', value: 'Lax' }] },
      },
    }),
    lb({ warmup: { duration: '30s', minimumPercent: 0, aggression: 1.5 } }),
    to({ 'us/east/*': 80, 'us/west/1': 20 }),
    to({ '*': 100 }),
    locality({ failover: [{ from: 'us', to: 'eu' }], failoverPriority: ['version=v1', 'rack'] }),
    locality({ enabled: false }),
    lb({
      zoneAwareLbSetting: {
        failover: [{ from: 'us', to: 'eu' }],
        failoverPriority: ['rack'],
        minClusterSize: 1,
      },
    }),
    http({ http2KeepAlive: { interval: '30s', timeout: '5s' } }),
    { tunnel: { protocol: 'POST', targetHost: '10.0.0.1', targetPort: 443 } },
    { proxyProtocol: { version: 'V2' } },
    { retryBudget: { percent: 25.5, minRetryConcurrency: 1, budgetInterval: '0s' } },
    { outlierDetection: { outlierDetectionHttpErrorCodes: [429, 503] } },
    { tls: { mode: 'SIMPLE', caCertificates: '/ca', caCrl: '/crl' } },
  ])('may be %j', (policy) => expect(findings(policy)).toEqual([]));

  const LOCALITY = 'loadBalancer.localityLbSetting';
  it.each([
    [hash({ minimumRingSize: 8388609 }), 'Error loadBalancer.consistentHash.minimumRingSize'],
    [
      hash({ ringHash: { minimumRingSize: 8388609 } }),
      'Error loadBalancer.consistentHash.ringHash.minimumRingSize',
    ],
    [
      lb({ consistentHash: { httpCookie: { name: 'c', attributes: [{ value: 'x' }] } } }),
      'Error loadBalancer.consistentHash.httpCookie.attributes[0]',
    ],
    [
      lb({ consistentHash: { httpCookie: { name: 'c', attributes: [{ name: 'a', value: 'x; y' }] } } }),
      'Error loadBalancer.consistentHash.httpCookie.attributes[0].value',
    ],
    [lb({ warmup: {} }), 'Error loadBalancer.warmup'],
    [lb({ warmup: { duration: '1s', aggression: 0.5 } }), 'Error loadBalancer.warmup.aggression'],
    [lb({ warmup: { duration: '1s', minimumPercent: 101 } }), 'Error loadBalancer.warmup.minimumPercent'],
    [lb({ warmup: { duration: '1s' }, warmupDurationSecs: '1s' }), 'Error loadBalancer'],
    [lb({ warmupDurationSecs: '1s' }), 'Warning loadBalancer.warmupDurationSecs'],
    [lb({ simple: 'RANDOM', warmup: { duration: '1s' } }), 'Warning loadBalancer'],
    [to({ 'us/*': 99 }), `Error ${LOCALITY}.distribute[0].to`],
    [to({ 'us/*': 100, 'us/east': 0 }), `Error ${LOCALITY}.distribute[0].to["us/east"]`],
    [to({ 'us/*': 50, 'us/east': 50 }), `Error ${LOCALITY}.distribute[0].to`],
    [to({ '*': 50, us: 50 }), `Error ${LOCALITY}.distribute[0].to`],
    [to({ 'us/*/1': 100 }), `Error ${LOCALITY}.distribute[0].to["us/*/1"]`],
    [to({ 'us/e*': 100 }), `Error ${LOCALITY}.distribute[0].to["us/e*"]`],
    [locality({ distribute: [{ to: { us: 100 } }] }), `Error ${LOCALITY}.distribute[0].from`],
    [
      locality({ distribute: [{ from: 'a', to: { b: 100 } }], failover: [{ from: 'a', to: 'b' }] }),
      `Error ${LOCALITY}`,
    ],
    [locality({ failover: [{ from: 'us', to: 'us' }] }), `Error ${LOCALITY}.failover[0]`],
    [locality({ failover: [{ from: 'us/a', to: 'eu' }] }), `Error ${LOCALITY}.failover[0].from`],
    [
      locality({
        failover: [
          { from: 'us', to: 'eu' },
          { from: 'us', to: 'as' },
        ],
      }),
      `Error ${LOCALITY}.failover`,
    ],
    [locality({ failoverPriority: ['a=b=c'] }), `Error ${LOCALITY}.failoverPriority[0]`],
    [
      locality({ failover: [{ from: 'us', to: 'eu' }], failoverPriority: ['topology.kubernetes.io/zone'] }),
      `Error ${LOCALITY}.failoverPriority[0]`,
    ],
    [
      lb({ zoneAwareLbSetting: { minClusterSize: 0 } }),
      'Error loadBalancer.zoneAwareLbSetting.minClusterSize',
    ],
    [
      lb({ zoneAwareLbSetting: { failoverPriority: ['topology.kubernetes.io/zone'] } }),
      'Error loadBalancer.zoneAwareLbSetting.failoverPriority[0]',
    ],
    [lb({ zoneAwareLbSetting: {}, localityLbSetting: {} }), 'Error loadBalancer'],
    [lb({ localityLbSetting: { failoverPriority: ['rack'] } }), `Warning ${LOCALITY}`],
    [http({ http2KeepAlive: { interval: '30s' } }), 'Error connectionPool.http.http2KeepAlive'],
    [{ tunnel: { targetHost: 'a b', targetPort: 80 } }, 'Error tunnel.targetHost'],
    [{ tunnel: { targetHost: 'a' } }, 'Error tunnel'],
    [{ tunnel: { targetHost: 'a', targetPort: 0 } }, 'Error tunnel.targetPort'],
    [{ tunnel: { protocol: 'GET', targetHost: 'a', targetPort: 1 } }, 'Error tunnel.protocol'],
    [{ proxyProtocol: { version: 'V3' } }, 'Error proxyProtocol.version'],
    [{ retryBudget: { percent: 101 } }, 'Error retryBudget.percent'],
    [
      { outlierDetection: { outlierDetectionHttpErrorCodes: [500, 600] } },
      'Error outlierDetection.outlierDetectionHttpErrorCodes[1]',
    ],
    [{ tls: { mode: 'SIMPLE', credentialName: 'c', caCrl: '/crl' } }, 'Error tls'],
    [{ tls: { mode: 'SIMPLE', insecureSkipVerify: true, caCrl: '/crl' } }, 'Warning tls.caCrl'],
  ])('%j is found fault with: %s', (policy, finding) => expect(findings(policy)).toContain(finding));
});

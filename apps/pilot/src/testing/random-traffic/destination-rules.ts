import fc from 'fast-check';
import type { DestinationRule, LoadBalancerSettings, TrafficPolicy } from '#config';

const hash = fc.oneof(
  fc.record({ httpHeaderName: fc.constantFrom('h-one', 'user') }),
  fc.record({ httpQueryParameterName: fc.constant('q') }),
  fc.record({ useSourceIp: fc.constant(true) }),
  fc.record({
    httpCookie: fc.record(
      { name: fc.constant('session'), path: fc.constant('/'), ttl: fc.constantFrom('0s', '60s') },
      { requiredKeys: ['name', 'ttl'] },
    ),
  }),
);
const algorithm = fc.oneof(
  // Without: a ring of the usual size.
  fc.constant({}),
  fc.constant({ ringHash: { minimumRingSize: 128 } }),
  fc.constant({ maglev: { tableSize: 101 } }),
  fc.constant({ maglev: { tableSize: 503 } }),
  fc.constant({ minimumRingSize: 64 }),
  fc.constant({ minimumRingSize: 32 }),
);
const consistentHash = fc.tuple(hash, algorithm).map(([by, how]) => ({ ...by, ...how }));

const simple = fc.constantFrom(
  'ROUND_ROBIN' as const,
  'LEAST_REQUEST' as const,
  'RANDOM' as const,
  'LEAST_CONN' as const,
  'UNSPECIFIED' as const,
);
const loadBalancer: fc.Arbitrary<LoadBalancerSettings> = fc.oneof(fc.record({ simple }), {
  weight: 3,
  arbitrary: fc.record({ consistentHash }),
});

/** Limits that no test reaches: what they do when they are is another matter. */
const connectionPool = fc.record(
  {
    tcp: fc.record(
      { maxConnections: fc.constantFrom(5000, 6000), connectTimeout: fc.constantFrom('3s', '4s') },
      { requiredKeys: ['maxConnections'] },
    ),
    http: fc.record(
      {
        http1MaxPendingRequests: fc.constant(7000),
        http2MaxRequests: fc.constant(8000),
        maxRetries: fc.constant(9000),
        maxRequestsPerConnection: fc.constantFrom(50, 60),
        idleTimeout: fc.constant('60s'),
      },
      { requiredKeys: ['http2MaxRequests'] },
    ),
  },
  { requiredKeys: ['http'] },
);

const outlierDetection = fc.record(
  {
    consecutive5xxErrors: fc.constant(100_000),
    consecutiveGatewayErrors: fc.constant(100_000),
    interval: fc.constant('100s'),
    baseEjectionTime: fc.constant('30s'),
    maxEjectionPercent: fc.constant(20),
  },
  { requiredKeys: ['consecutive5xxErrors'] },
);

const settings = {
  loadBalancer,
  connectionPool,
  outlierDetection,
  tls: fc.constant({ mode: 'DISABLE' as const }),
};
const portSettings = fc
  .tuple(fc.constantFrom(80, 80, 8080), fc.record(settings, { requiredKeys: ['loadBalancer'] }))
  .map(([number, made]) => ({ port: { number }, ...made }));

/** One that says nothing is refused. */
const trafficPolicy: fc.Arbitrary<TrafficPolicy> = fc
  .record(
    { ...settings, portLevelSettings: fc.array(portSettings, { minLength: 1, maxLength: 1 }) },
    { requiredKeys: [] },
  )
  .filter((made) => Object.keys(made).length > 0);
const seldom = fc.option(trafficPolicy, { nil: undefined, freq: 1 });

/** Endpoints are labelled `version: v1` and `version: v2`; the others have subsets of none and of all. */
export const SUBSETS = ['v1', 'v2', 'all', 'empty'] as const;
const LABELS = { v1: { version: 'v1' }, v2: { version: 'v2' }, all: {}, empty: { version: 'v7' } };

export function destinationRuleFor(host: string): fc.Arbitrary<DestinationRule> {
  const subsets = fc.tuple(seldom, seldom, seldom, seldom).map((policies) =>
    SUBSETS.map((name, index) => {
      const policy = policies[index];
      return { name, labels: LABELS[name], ...(policy && { trafficPolicy: policy }) };
    }),
  );
  return fc.record(
    {
      host: fc.constant(host),
      trafficPolicy,
      subsets,
      exportTo: fc.constantFrom(['.'], ['*'], ['default']),
      workloadSelector: fc.constantFrom(
        { matchLabels: { app: 'client' } },
        { matchLabels: { app: 'client' } },
        { matchLabels: { app: 'client' } },
        { matchLabels: { app: 'other' } },
      ),
    },
    { requiredKeys: ['host', 'subsets'] },
  );
}

import { expect } from '@jest/globals';
import type { Proof } from './proof.js';
import type { ProxyPlace, Trio } from './trio.js';
import { CALLEE, routes, rule, service } from './trio.js';

const proof = (id: string, witness: string, spec: string, rest: Partial<Proof> = {}): Proof => ({
  row: `DestinationRule ${id}`,
  config: (host, { app }) =>
    `${service(host, app)}${routes(host, `[{route: [{destination: {host: ${host}}}]}]`)}${rule(host, spec)}`,
  calls: [{}],
  witness,
  ...rest,
});

const MUTUAL = 'tls: {mode: ISTIO_MUTUAL}';
/** Only a client's side of a connection counts handshakes by cluster. */
const HANDSHAKE = '^cluster\\..*HOST.*\\.ssl\\.handshake$';

export const DESTINATION_RULE_PROOFS: readonly Proof[] = [
  {
    // Both endpoints count where they are chosen among; by the same header it is always the same.
    ...proof('load-balancer', '^cluster\\..*HOST.*\\.upstream_rq_total$', ''),
    config: (host, { app, bare }) =>
      [
        twoEndpoints(host, app, bare),
        routes(host, `[{route: [{destination: {host: ${host}}}]}]`),
        rule(host, 'trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}'),
      ].join(''),
    check: async (trio, authority) => {
      for (const by of ['caller', 'gateway'] as const) {
        expect((await answering(trio, by, authority, () => 'one')).size).toBe(1);
        expect((await answering(trio, by, authority, String)).size).toBe(2);
      }
    },
  },
  proof(
    'connection-pool',
    '^cluster\\..*HOST.*\\.upstream_rq_pending_overflow$',
    'trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}',
    {
      calls: Array.from({ length: 12 }, () => ({ path: '/slow/impatient' })),
      config: (host, { app }) =>
        [
          service(host, app),
          routes(host, `[{timeout: 300ms, retries: {attempts: 0}, route: [{destination: {host: ${host}}}]}]`),
          rule(
            host,
            'trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}',
          ),
        ].join(''),
    },
  ),
  proof(
    'outlier-detection',
    '^cluster\\..*HOST.*\\.outlier_detection\\.ejections_enforced_total$',
    'trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}}',
    { calls: [{ path: '/status/500' }] },
  ),
  proof('client-tls', HANDSHAKE, `trafficPolicy: {${MUTUAL}}`),
  {
    ...proof('subsets', '^cluster\\..*v1.*HOST.*\\.upstream_rq_total$', ''),
    config: (host, { app }) =>
      [
        service(host, app),
        routes(host, `[{route: [{destination: {host: ${host}, subset: v1}}]}]`),
        rule(host, 'subsets: [{name: v1, labels: {version: v1}}]'),
      ].join(''),
  },
  {
    ...proof('port-level', HANDSHAKE, ''),
    config: (host, { app }) =>
      [
        service(host, app),
        routes(host, `[{route: [{destination: {host: ${host}}}]}]`),
        rule(host, `trafficPolicy: {portLevelSettings: [{port: {number: ${app}}, ${MUTUAL}}]}`),
      ].join(''),
  },
];

function twoEndpoints(host: string, app: number, bare: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  ports: [{number: ${app}, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: ${CALLEE}}, {address: 127.0.0.1, ports: {http: ${bare}}}]
---`;
}

/** The applications that answer 20 requests of these users. */
async function answering(
  trio: Trio,
  by: ProxyPlace,
  authority: string,
  userOf: (index: number) => string,
): Promise<Set<string | undefined>> {
  const calls = Array.from({ length: 20 }, (_, index) =>
    trio.call(by, { authority, headers: { 'x-user': userOf(index) } }),
  );
  return new Set((await Promise.all(calls)).map(({ served }) => served?.name));
}

import { expect } from '@jest/globals';
import type { Proof } from './proof.js';
import type { TrioPorts } from './trio.js';
import { CALLEE, routes, service } from './trio.js';

const APP = 'app.default.svc.cluster.local';

/** The callee's Sidecar limits what comes in; the caller's what goes out. */
const sidecars = ({ app, extra }: TrioPorts): string => `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: callee}
spec:
  workloadSelector: {labels: {app: callee}}
  ingress:
  - {port: {number: ${app}, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:${app}"}
  - {port: {number: ${extra}, protocol: HTTP, name: more}, defaultEndpoint: "127.0.0.1:${app}"}
  inboundConnectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: caller}
spec:
  workloadSelector: {labels: {app: caller}}
  egress: [{hosts: ["./${APP}", "./extra.test", "./fresh.test"]}]
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: callee}
spec: {selector: {matchLabels: {app: callee}}, mtls: {mode: STRICT}}
---`;

const extra = (ports: TrioPorts): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: extra}
spec:
  hosts: [extra.test]
  ports: [{number: ${ports.extra}, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: ${CALLEE}, labels: {security.istio.io/tlsMode: istio}}]
---`;

const direct = (host: string): string =>
  routes(host, `[{timeout: 500ms, retries: {attempts: 0}, route: [{destination: {host: ${host}}}]}]`);
const limited: Omit<Proof, 'row' | 'witness'> = { config: () => '', calls: [{}], host: APP };

export const RECEIVING_PROOFS: readonly Proof[] = [
  {
    ...limited,
    row: 'PeerAuthentication mtls',
    by: ['callee'],
    witness: '^listener\\..*(ssl\\.connection_error|no_filter_chain_match)$',
  },
  {
    ...limited,
    row: 'Sidecar ingress',
    host: 'extra.test',
    by: ['caller'],
    port: (ports) => ports.extra,
    witness: '^cluster\\.inbound\\|EXTRA\\|.*\\.upstream_rq_total$',
  },
  {
    ...limited,
    row: 'Sidecar inbound-connection-pool',
    by: ['caller'],
    calls: Array.from({ length: 12 }, () => ({ path: '/slow' })),
    witness: '^cluster\\.inbound.*\\.upstream_rq_pending_overflow$',
  },
  {
    ...limited,
    row: 'Sidecar egress',
    host: 'hidden.test',
    witness: '^http\\..*\\.rq_direct_response$',
    check: async (trio) => {
      expect((await trio.call('caller', { authority: 'hidden.test' })).status).toBe(502);
      expect((await trio.call('gateway', { authority: 'hidden.test' })).status).toBe(200);
    },
  },
  {
    ...limited,
    row: 'Sidecar outbound-traffic-policy',
    host: 'unknown.test',
    witness: '^http\\..*\\.rq_direct_response$',
  },
  {
    ...limited,
    row: 'MeshConfig auto-mtls',
    // Nobody has called it before, so that a connection has to be made.
    host: 'fresh.test',
    witness: '^cluster\\.outbound.*HOST.*\\.ssl\\.handshake$',
  },
];

export const receivingConfig = (ports: TrioPorts): string =>
  [
    sidecars(ports),
    extra(ports),
    ...[APP, 'hidden.test', 'fresh.test'].map((host) => `${service(host, ports.app)}${direct(host)}`),
  ].join('');

import type { Proof } from './proof.js';
import { routes, rule, service } from './trio.js';

const direct = (host: string): string => routes(host, `[{route: [{destination: {host: ${host}}}]}]`);

export const SERVICE_ENTRY_PROOFS: readonly Proof[] = [
  {
    row: 'ServiceEntry endpoints',
    config: (host, { app }) => `${service(host, app)}${direct(host)}`,
    calls: [{}],
    witness: '^cluster\\..*HOST.*\\.upstream_cx_total$',
  },
  {
    row: 'ServiceEntry subject-alt-names',
    config: (host, { app }) =>
      [
        service(host, app, '  subjectAltNames: ["spiffe://cluster.local/ns/default/sa/nobody"]\n').replace(
          'workloadSelector: {labels: {app: callee}}',
          'endpoints: [{address: 127.91.0.2, labels: {security.istio.io/tlsMode: istio}}]',
        ),
        direct(host),
        rule(host, 'trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}'),
      ].join(''),
    calls: [{}],
    witness: '^cluster\\..*HOST.*\\.ssl\\.fail_verify_san$',
  },
  {
    row: 'WorkloadEntry endpoint',
    config: (host, { app }) => `${service(host, app)}${direct(host)}`,
    calls: [{}],
    // The callers' endpoint, and the callee's own port.
    witness: '^cluster\\.(outbound.*HOST|inbound).*\\.upstream_rq_total$',
  },
  {
    row: 'Gateway servers',
    config: (host, { app }) => `${service(host, app)}${direct(host)}`,
    calls: [{}],
    witness: '^http\\.outbound_[^;]*\\.downstream_rq_total$',
    by: ['gateway'],
  },
];

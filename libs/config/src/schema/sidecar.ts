import { labels, list, message, oneOf, refusedFor, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';
import { connectionPool } from './destination-rule.js';
import { port, serverTlsFields } from './gateway.js';

const captureMode = oneOf('DEFAULT', 'IPTABLES', 'NONE');

const onlyFiles = refusedFor('a sidecar has no credentials but files');

/** That of a gateway's server, as far as Istio has it beside a workload. */
const ingressTls = message({
  ...serverTlsFields,
  httpsRedirect: refusedFor('a sidecar redirects nobody'),
  credentialName: onlyFiles,
  credentialNames: onlyFiles,
  caCertCredentialName: onlyFiles,
  subjectAltNames: refusedFor('Istio does not have it in ingress tls'),
});

/** @see https://istio.io/latest/docs/reference/config/networking/sidecar/ */
export const sidecar: Schema = message({
  workloadSelector: message({ labels }),
  ingress: list(
    message({ port, bind: text, captureMode, defaultEndpoint: text, tls: ingressTls, connectionPool }),
  ),
  egress: list(message({ port, bind: text, captureMode, hosts: list(text) })),
  inboundConnectionPool: connectionPool,
  outboundTrafficPolicy: message({
    mode: oneOf('REGISTRY_ONLY', 'ALLOW_ANY'),
    egressProxy: message({ host: text, subset: text, port: message({ number: uint32 }) }),
  }),
});

import { labels, list, message, oneOf, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';
import { connectionPool } from './destination-rule.js';
import { port, serverTls } from './gateway.js';

const captureMode = oneOf('DEFAULT', 'IPTABLES', 'NONE');

/** @see https://istio.io/latest/docs/reference/config/networking/sidecar/ */
export const sidecar: Schema = message({
  workloadSelector: message({ labels }),
  ingress: list(
    message({ port, bind: text, captureMode, defaultEndpoint: text, tls: serverTls, connectionPool }),
  ),
  egress: list(message({ port, bind: text, captureMode, hosts: list(text) })),
  inboundConnectionPool: connectionPool,
  outboundTrafficPolicy: message({
    mode: oneOf('REGISTRY_ONLY', 'ALLOW_ANY'),
    egressProxy: message({ host: text, subset: text, port: message({ number: uint32 }) }),
  }),
});

import { labels, list, message, oneOf, refused, text, unsupported } from './builder.js';
import type { Schema } from './builder.js';
import { port } from './gateway.js';

const captureMode = oneOf('DEFAULT', 'IPTABLES', 'NONE');

/** @see https://istio.io/latest/docs/reference/config/networking/sidecar/ */
export const sidecar: Schema = message({
  workloadSelector: message({ labels }),
  ingress: list(
    message({
      port,
      bind: text,
      captureMode,
      defaultEndpoint: text,
      tls: refused,
      connectionPool: unsupported,
    }),
  ),
  egress: list(message({ port, bind: text, captureMode, hosts: list(text) })),
  inboundConnectionPool: unsupported,
  outboundTrafficPolicy: message({ mode: oneOf('REGISTRY_ONLY', 'ALLOW_ANY'), egressProxy: unsupported }),
});

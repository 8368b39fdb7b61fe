import { int32, labels, list, mapOf, message, oneOf, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';
import { port } from './gateway.js';

/** @see https://istio.io/latest/docs/reference/config/networking/workload-entry/ */
export const workloadEntry: Schema = message({
  address: text,
  ports: mapOf(uint32),
  labels,
  network: text,
  locality: text,
  weight: uint32,
  serviceAccount: text,
});

/** @see https://istio.io/latest/docs/reference/config/networking/service-entry/ */
export const serviceEntry: Schema = message({
  hosts: list(text),
  addresses: list(text),
  ports: list(port),
  location: oneOf('MESH_EXTERNAL', 'MESH_INTERNAL'),
  resolution: oneOf('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'),
  endpoints: list(workloadEntry),
  workloadSelector: message({ labels }),
  exportTo: list(text),
  subjectAltNames: list(text),
});

const probe = message({
  initialDelaySeconds: int32,
  timeoutSeconds: int32,
  periodSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  httpGet: message({
    path: text,
    port: uint32,
    host: text,
    scheme: text,
    httpHeaders: list(message({ name: text, value: text })),
  }),
  tcpSocket: message({ host: text, port: uint32 }),
  exec: message({ command: list(text) }),
  grpc: message({ port: uint32, service: text }),
});

/** @see https://istio.io/latest/docs/reference/config/networking/workload-group/ */
export const workloadGroup: Schema = message({
  metadata: message({ labels, annotations: labels }),
  template: workloadEntry,
  probe,
});

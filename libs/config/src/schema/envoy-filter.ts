import { PATCHED_MESSAGES, PATCH_OPERATIONS } from '../kinds/envoy-filter.js';
import { free, int32, labels, list, message, noEffect, oneOf, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';

const filterChain = message({
  name: text,
  sni: text,
  transportProtocol: text,
  applicationProtocols: text,
  destinationPort: uint32,
  filter: message({ name: text, subFilter: message({ name: text }) }),
});

const match = message({
  context: oneOf('ANY', 'SIDECAR_INBOUND', 'SIDECAR_OUTBOUND', 'GATEWAY', 'WAYPOINT'),
  proxy: message({ proxyVersion: text, metadata: labels }),
  listener: message({ portNumber: uint32, portName: text, name: text, listenerFilter: text, filterChain }),
  routeConfiguration: message({
    portNumber: uint32,
    portName: text,
    gateway: text,
    name: text,
    vhost: message({
      name: text,
      domainName: text,
      route: message({ name: text, action: oneOf('ANY', 'ROUTE', 'REDIRECT', 'DIRECT_RESPONSE') }),
    }),
  }),
  cluster: message({ portNumber: uint32, service: text, subset: text, name: text }),
  waypoint: noEffect('there are no waypoints here'),
});

/** @see https://istio.io/latest/docs/reference/config/networking/envoy-filter/ */
export const envoyFilter: Schema = message({
  workloadSelector: message({ labels }),
  targetRefs: noEffect('there are no Gateways of the Kubernetes API, and no waypoints, to refer to'),
  configPatches: list(
    message({
      applyTo: oneOf(...Object.keys(PATCHED_MESSAGES)),
      match,
      patch: message({
        operation: oneOf(...PATCH_OPERATIONS),
        value: free,
        filterClass: oneOf('UNSPECIFIED', 'AUTHN', 'AUTHZ', 'STATS'),
      }),
    }),
  ),
  priority: int32,
});

import {
  bool,
  duration,
  int32,
  labels,
  list,
  mapOf,
  message,
  noEffect,
  number,
  oneOf,
  text,
  uint32,
} from './builder.js';
import type { Schema } from './builder.js';

/** Exactly one of the three is a rule, not a matter of the schema: the message is clearer that way. */
export const stringMatch = message({ exact: text, prefix: text, regex: text });
const percent = message({ value: number });

export const destination = message({ host: text, subset: text, port: message({ number: uint32 }) });
const headerOperations = message({ set: mapOf(text), add: mapOf(text), remove: list(text) });
const headers = message({ request: headerOperations, response: headerOperations });

const httpMatch = message({
  name: text,
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: mapOf(stringMatch),
  withoutHeaders: mapOf(stringMatch),
  queryParams: mapOf(stringMatch),
  port: uint32,
  sourceLabels: labels,
  sourceNamespace: text,
  gateways: list(text),
  ignoreUriCase: bool,
  statPrefix: text,
});

const NEVER = 'Istio reserves it and never implemented it';

const fault = message({
  delay: message({
    fixedDelay: duration,
    exponentialDelay: noEffect(NEVER),
    percentage: percent,
    percent: int32,
  }),
  abort: message({ httpStatus: int32, grpcStatus: text, http2Error: noEffect(NEVER), percentage: percent }),
});

export const retries = message({
  attempts: int32,
  perTryTimeout: duration,
  retryOn: text,
  retryRemoteLocalities: bool,
  retryIgnorePreviousHosts: bool,
  backoff: duration,
});

const corsPolicy = message({
  allowOrigin: list(text),
  allowOrigins: list(stringMatch),
  allowMethods: list(text),
  allowHeaders: list(text),
  exposeHeaders: list(text),
  maxAge: duration,
  allowCredentials: bool,
  unmatchedPreflights: oneOf('UNSPECIFIED', 'FORWARD', 'IGNORE'),
});

const redirect = message({
  uri: text,
  authority: text,
  port: uint32,
  derivePort: oneOf('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
  scheme: text,
  redirectCode: uint32,
  prefixRewrite: text,
});

const httpRoute = message({
  name: text,
  match: list(httpMatch),
  route: list(message({ destination, weight: int32, headers })),
  redirect,
  directResponse: message({ status: uint32, body: message({ string: text, bytes: text }) }),
  delegate: message({ name: text, namespace: text }),
  rewrite: message({ uri: text, authority: text, uriRegexRewrite: message({ match: text, rewrite: text }) }),
  timeout: duration,
  retries,
  fault,
  mirror: destination,
  mirrorPercent: uint32,
  mirrorPercentage: percent,
  mirrors: list(message({ destination, percentage: percent })),
  corsPolicy,
  headers,
  websocketUpgrade: bool,
});

const l4 = {
  destinationSubnets: list(text),
  sourceSubnet: text,
  port: uint32,
  sourceLabels: labels,
  sourceNamespace: text,
  gateways: list(text),
};
const l4Route = list(message({ destination, weight: int32 }));

/** @see https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
export const virtualService: Schema = message({
  hosts: list(text),
  gateways: list(text),
  http: list(httpRoute),
  tls: list(message({ match: list(message({ ...l4, sniHosts: list(text) })), route: l4Route })),
  tcp: list(message({ match: list(message(l4)), route: l4Route })),
  exportTo: list(text),
});

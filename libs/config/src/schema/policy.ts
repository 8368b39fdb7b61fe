import { free, int64, list, mapOf, message, noEffect, oneOf, refused, text } from './builder.js';
import type { Schema } from './builder.js';
import { stringMatch } from './virtual-service.js';

const headerOperation = message({
  name: text,
  values: list(text),
  operation: oneOf('REPLACE', 'REMOVE', 'APPEND'),
});

/** @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/istio.policy.v1beta1/ */
export const rule: Schema = message({
  match: text,
  actions: list(message({ handler: text, instances: list(text), name: text })),
  requestHeaderOperations: list(headerOperation),
  responseHeaderOperations: list(headerOperation),
  sampling: noEffect(
    'what is reported of requests is not sampled; an access log may be, by a filter of Telemetry',
  ),
});

/** An out-of-process adapter may deny, so a handler that needs one is refused rather than ignored. */
export const handler: Schema = message({
  compiledAdapter: text,
  params: free,
  adapter: refused,
  connection: refused,
});

export const instance: Schema = message({
  compiledTemplate: text,
  params: free,
  attributeBindings: mapOf(text),
  template: refused,
});

const valueType = oneOf(
  'STRING',
  'INT64',
  'DOUBLE',
  'BOOL',
  'TIMESTAMP',
  'IP_ADDRESS',
  'EMAIL_ADDRESS',
  'URI',
  'DNS_NAME',
  'DURATION',
  'STRING_MAP',
);

export const attributeManifest: Schema = message({
  revision: text,
  name: text,
  attributes: mapOf(message({ valueType, description: text })),
});

export const quotaSpec: Schema = message({
  rules: list(
    message({
      match: list(message({ clause: mapOf(stringMatch) })),
      quotas: list(message({ quota: text, charge: int64 })),
    }),
  ),
});

export const quotaSpecBinding: Schema = message({
  services: list(message({ name: text, namespace: text, domain: text, service: text, labels: mapOf(text) })),
  quotaSpecs: list(message({ name: text, namespace: text })),
});

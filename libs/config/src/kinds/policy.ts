/**
 * The kinds that only the original had, config.istio.io/v1alpha2 with their Istio 1.4 meaning.
 *
 * @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/
 */

/** kind `rule`. `match` is an attribute expression; empty matches everything. */
export interface Rule {
  match?: string;
  actions?: { handler: string; instances?: string[]; name?: string }[];
  requestHeaderOperations?: HeaderOperationTemplate[];
  responseHeaderOperations?: HeaderOperationTemplate[];
}

export interface HeaderOperationTemplate {
  name: string;
  /** Attribute expressions. */
  values?: string[];
  operation?: 'REPLACE' | 'REMOVE' | 'APPEND';
}

/** kind `handler`. */
export interface Handler {
  compiledAdapter?: string;
  params?: unknown;
}

/** kind `instance`. `params` hold attribute expressions, by the template's fields. */
export interface Instance {
  compiledTemplate?: string;
  params?: unknown;
  attributeBindings?: Record<string, string>;
}

export type ValueType =
  | 'STRING'
  | 'INT64'
  | 'DOUBLE'
  | 'BOOL'
  | 'TIMESTAMP'
  | 'IP_ADDRESS'
  | 'EMAIL_ADDRESS'
  | 'URI'
  | 'DNS_NAME'
  | 'DURATION'
  | 'STRING_MAP';

/** kind `attributemanifest`. */
export interface AttributeManifest {
  revision?: string;
  name?: string;
  attributes?: Record<string, { valueType?: ValueType; description?: string }>;
}

/** Matches attributes by name: `request.path: {prefix: /api}`. */
export interface AttributeClause {
  clause?: Record<string, { exact: string } | { prefix: string } | { regex: string }>;
}

export interface QuotaSpec {
  rules?: { match?: AttributeClause[]; quotas?: { quota: string; charge?: number }[] }[];
}

export interface QuotaSpecBinding {
  services?: { name?: string; namespace?: string; domain?: string; service?: string }[];
  quotaSpecs?: { name: string; namespace?: string }[];
}

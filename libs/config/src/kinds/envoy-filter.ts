/**
 * EnvoyFilter, networking.istio.io/v1alpha3: changes to what Pilot generates, in Envoy's own terms.
 *
 * @see https://istio.io/latest/docs/reference/config/networking/envoy-filter/
 */
export interface EnvoyFilter {
  workloadSelector?: { labels?: Record<string, string> };
  configPatches?: EnvoyConfigPatch[];
  /** Lower ones are applied first; 0 where absent. */
  priority?: number;
}

export interface EnvoyConfigPatch {
  applyTo: PatchTarget;
  match?: PatchMatch;
  patch?: {
    operation?: PatchOperation;
    /** Proto3 JSON of the message that {@link PATCHED_MESSAGES} names. */
    value?: Record<string, unknown>;
    filterClass?: 'UNSPECIFIED' | 'AUTHN' | 'AUTHZ' | 'STATS';
  };
}

/** What a patch may apply to, with the message of Envoy's API that its value is. */
export const PATCHED_MESSAGES = {
  LISTENER: 'envoy.config.listener.v3.Listener',
  LISTENER_FILTER: 'envoy.config.listener.v3.ListenerFilter',
  FILTER_CHAIN: 'envoy.config.listener.v3.FilterChain',
  NETWORK_FILTER: 'envoy.config.listener.v3.Filter',
  HTTP_FILTER: 'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter',
  ROUTE_CONFIGURATION: 'envoy.config.route.v3.RouteConfiguration',
  VIRTUAL_HOST: 'envoy.config.route.v3.VirtualHost',
  HTTP_ROUTE: 'envoy.config.route.v3.Route',
  CLUSTER: 'envoy.config.cluster.v3.Cluster',
  EXTENSION_CONFIG: 'envoy.config.core.v3.TypedExtensionConfig',
  BOOTSTRAP: 'envoy.config.bootstrap.v3.Bootstrap',
} as const;

export type PatchTarget = keyof typeof PATCHED_MESSAGES;

export const PATCH_OPERATIONS = [
  'INVALID',
  'MERGE',
  'MERGE_AND_REPLACE_LIST',
  'ADD',
  'REMOVE',
  'INSERT_BEFORE',
  'INSERT_AFTER',
  'INSERT_FIRST',
  'REPLACE',
] as const;

export type PatchOperation = (typeof PATCH_OPERATIONS)[number];

export type PatchContext = 'ANY' | 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND' | 'GATEWAY' | 'WAYPOINT';

export interface PatchMatch {
  context?: PatchContext;
  proxy?: {
    /** RE2, anywhere in the proxy's ISTIO_VERSION. */
    proxyVersion?: string;
    metadata?: Record<string, string>;
  };
  listener?: ListenerMatch;
  routeConfiguration?: RouteConfigurationMatch;
  cluster?: { portNumber?: number; service?: string; subset?: string; name?: string };
}

export interface ListenerMatch {
  portNumber?: number;
  portName?: string;
  name?: string;
  /** Name of a listener filter. */
  listenerFilter?: string;
  filterChain?: {
    name?: string;
    sni?: string;
    transportProtocol?: string;
    /** Separated by commas: the chain has to have all of them. */
    applicationProtocols?: string;
    destinationPort?: number;
    filter?: { name?: string; subFilter?: { name?: string } };
  };
}

export interface RouteConfigurationMatch {
  portNumber?: number;
  portName?: string;
  /** `namespace/name`. */
  gateway?: string;
  name?: string;
  vhost?: {
    name?: string;
    domainName?: string;
    route?: { name?: string; action?: 'ANY' | 'ROUTE' | 'REDIRECT' | 'DIRECT_RESPONSE' };
  };
}

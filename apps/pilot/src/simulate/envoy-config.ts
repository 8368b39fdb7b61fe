/**
 * Envoy's config in proto3 JSON, as far as it decides what becomes of a call.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-v3/api
 */
export interface Config {
  readonly listeners: readonly Listener[];
  readonly routes: readonly RouteConfiguration[];
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly LoadAssignment[];
}

export interface Address {
  readonly socket_address?: { readonly address: string; readonly port_value?: number };
  readonly pipe?: { readonly path: string };
}

export interface Listener {
  readonly name: string;
  readonly address?: Address;
  readonly additional_addresses?: readonly { readonly address: Address }[];
  readonly bind_to_port?: boolean;
  readonly use_original_dst?: boolean;
  readonly traffic_direction?: 'INBOUND' | 'OUTBOUND';
  readonly listener_filters?: readonly Filter[];
  readonly filter_chains?: readonly FilterChain[];
  readonly default_filter_chain?: FilterChain;
}

export interface CidrRange {
  readonly address_prefix: string;
  readonly prefix_len?: number;
}

export interface FilterChainMatch {
  readonly destination_port?: number;
  readonly prefix_ranges?: readonly CidrRange[];
  readonly server_names?: readonly string[];
  readonly transport_protocol?: string;
  readonly application_protocols?: readonly string[];
  readonly direct_source_prefix_ranges?: readonly CidrRange[];
  readonly source_type?: 'ANY' | 'SAME_IP_OR_LOOPBACK' | 'EXTERNAL';
  readonly source_prefix_ranges?: readonly CidrRange[];
  readonly source_ports?: readonly number[];
}

export interface FilterChain {
  readonly name?: string;
  readonly filter_chain_match?: FilterChainMatch;
  readonly transport_socket?: TransportSocket;
  readonly filters?: readonly Filter[];
}

export interface TransportSocket {
  readonly name: string;
  readonly typed_config?: {
    readonly '@type': string;
    readonly require_client_certificate?: boolean;
    readonly sni?: string;
    readonly common_tls_context?: { readonly alpn_protocols?: readonly string[] };
  };
}

export interface Filter {
  readonly name: string;
  /** Which of the two it is, the name says; of all others nothing is read. */
  readonly typed_config?: HttpConnectionManager & TcpProxy;
}

export interface HttpConnectionManager {
  readonly rds?: { readonly route_config_name: string };
  readonly route_config?: RouteConfiguration;
  readonly http_filters?: readonly Filter[];
  readonly normalize_path?: boolean;
  readonly merge_slashes?: boolean;
  readonly use_remote_address?: boolean;
  readonly xff_num_trusted_hops?: number;
}

export interface TcpProxy {
  readonly cluster?: string;
  readonly weighted_clusters?: {
    readonly clusters: readonly { readonly name: string; readonly weight?: number }[];
  };
}

export interface HeaderFields {
  readonly request_headers_to_add?: readonly HeaderValueOption[];
  readonly request_headers_to_remove?: readonly string[];
  readonly response_headers_to_add?: readonly HeaderValueOption[];
  readonly response_headers_to_remove?: readonly string[];
}

export interface HeaderValueOption {
  readonly header: { readonly key: string; readonly value?: string };
  readonly append_action?:
    'APPEND_IF_EXISTS_OR_ADD' | 'ADD_IF_ABSENT' | 'OVERWRITE_IF_EXISTS_OR_ADD' | 'OVERWRITE_IF_EXISTS';
}

export interface RouteConfiguration extends HeaderFields {
  readonly name?: string;
  readonly virtual_hosts?: readonly VirtualHost[];
  readonly ignore_port_in_host_matching?: boolean;
}

export interface VirtualHost extends HeaderFields {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes?: readonly Route[];
  readonly require_tls?: 'NONE' | 'EXTERNAL_ONLY' | 'ALL';
  readonly typed_per_filter_config?: PerFilterConfig;
}

export type PerFilterConfig = Readonly<
  Record<string, { readonly '@type': string } & Readonly<Record<string, unknown>>>
>;

export interface Route extends HeaderFields {
  readonly name?: string;
  readonly match: RouteMatch;
  readonly route?: RouteAction;
  readonly redirect?: RedirectAction;
  readonly direct_response?: {
    readonly status: number;
    readonly body?: { readonly inline_string?: string; readonly inline_bytes?: string };
  };
  readonly metadata?: { readonly filter_metadata?: { readonly istio?: { readonly config?: string } } };
  readonly typed_per_filter_config?: PerFilterConfig;
}

export interface Regex {
  readonly regex: string;
}

export interface StringMatcher {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly safe_regex?: Regex;
  readonly ignore_case?: boolean;
}

export interface HeaderMatcher {
  readonly name: string;
  readonly string_match?: StringMatcher;
  readonly present_match?: boolean;
  readonly invert_match?: boolean;
  readonly treat_missing_header_as_empty?: boolean;
}

export interface RouteMatch {
  readonly prefix?: string;
  readonly path?: string;
  readonly path_separated_prefix?: string;
  readonly safe_regex?: Regex;
  readonly case_sensitive?: boolean;
  readonly headers?: readonly HeaderMatcher[];
  readonly query_parameters?: readonly Omit<HeaderMatcher, 'invert_match'>[];
  readonly grpc?: unknown;
  /** On what a filter such as jwt_authn has found out: never true of a call as such. */
  readonly dynamic_metadata?: readonly { readonly invert?: boolean }[];
}

export interface FractionalPercent {
  readonly numerator?: number;
  readonly denominator?: 'HUNDRED' | 'TEN_THOUSAND' | 'MILLION';
}

export interface RegexRewrite {
  readonly pattern: Regex;
  readonly substitution?: string;
}

export interface RouteAction {
  readonly cluster?: string;
  readonly cluster_header?: string;
  readonly weighted_clusters?: { readonly clusters: readonly WeightedCluster[] };
  readonly prefix_rewrite?: string;
  readonly regex_rewrite?: RegexRewrite;
  readonly host_rewrite_literal?: string;
  readonly timeout?: string;
  readonly retry_policy?: RetryPolicy;
  readonly hash_policy?: readonly HashPolicy[];
  readonly request_mirror_policies?: readonly {
    readonly cluster: string;
    readonly runtime_fraction?: { readonly default_value?: FractionalPercent };
  }[];
}

export interface WeightedCluster extends HeaderFields {
  readonly name: string;
  readonly weight?: number;
  readonly host_rewrite_literal?: string;
}

export interface RetryPolicy {
  readonly retry_on?: string;
  readonly num_retries?: number;
  readonly per_try_timeout?: string;
  readonly retriable_status_codes?: readonly number[];
  readonly retry_host_predicate?: readonly unknown[];
  readonly retry_priority?: unknown;
  readonly retry_back_off?: { readonly base_interval?: string };
}

export interface HashPolicy {
  readonly header?: { readonly header_name: string };
  readonly cookie?: { readonly name: string };
  readonly connection_properties?: { readonly source_ip?: boolean };
  readonly query_parameter?: { readonly name: string };
}

export interface RedirectAction {
  readonly https_redirect?: boolean;
  readonly scheme_redirect?: string;
  readonly host_redirect?: string;
  readonly port_redirect?: number;
  readonly path_redirect?: string;
  readonly prefix_rewrite?: string;
  readonly regex_rewrite?: RegexRewrite;
  readonly strip_query?: boolean;
  readonly response_code?: string;
}

export interface Cluster {
  readonly name: string;
  readonly type?: string;
  readonly lb_policy?: string;
  readonly connect_timeout?: string;
  readonly load_assignment?: LoadAssignment;
  readonly eds_cluster_config?: { readonly service_name?: string };
  readonly transport_socket?: TransportSocket;
  readonly transport_socket_matches?: readonly {
    readonly name: string;
    readonly match?: Readonly<Record<string, unknown>>;
    readonly transport_socket: TransportSocket;
  }[];
}

export interface LoadAssignment {
  readonly cluster_name: string;
  readonly endpoints?: readonly LocalityEndpoints[];
}

export interface LocalityEndpoints {
  readonly locality?: { readonly region?: string; readonly zone?: string; readonly sub_zone?: string };
  readonly priority?: number;
  readonly load_balancing_weight?: number;
  readonly lb_endpoints?: readonly LbEndpoint[];
}

export interface LbEndpoint {
  readonly endpoint?: { readonly address?: Address };
  readonly health_status?: string;
  readonly load_balancing_weight?: number;
  readonly metadata?: {
    readonly filter_metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

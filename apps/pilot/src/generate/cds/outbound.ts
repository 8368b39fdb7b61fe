import type { ResourceKey, TcpKeepalive } from '#config';
import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Mesh } from '../../model/mesh.js';
import type { Proxy } from '../../model/proxy.js';
import type { Resolution, Service, ServicePort } from '../../model/service.js';
import { isHttp } from '../../model/service.js';
import type { Policy } from '../../model/traffic-policy.js';
import { ruleView } from '../../model/traffic-policy.js';
import { matches } from '../../model/workload.js';
import { weighsLocalities } from '../common/locality.js';
import { parseOutbound, parseOutboundSni } from '../common/names.js';
import { provenance } from '../common/provenance.js';
import { statName } from '../common/stat-name.js';
import { duration } from '../common/values.js';
import { loadAssignment } from '../eds/load-assignment.js';
import type { EndpointPick } from '../eds/pick.js';
import { pickEndpoints } from '../eds/pick.js';
import type { Preference } from '../eds/preference.js';
import { pickPreference, pickRanks } from '../eds/preference.js';
import { connectionPool } from './connection-pool.js';
import { commonLoadBalancing, loadBalancer } from './load-balancer.js';
import { outlierDetection } from './outlier.js';
import { asClientSpeaks, protocolOptions } from './protocol-options.js';
import type { SecurityPick } from './security.js';
import { pickSecurity, security } from './security.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

export interface OutboundPick {
  readonly sort: 'outbound';
  readonly name: string;
  readonly subset: string;
  readonly host: string;
  readonly port: ServicePort;
  readonly resolution: Resolution;
  readonly policy: Policy;
  /** Endpoints of services that are found by name; those of others travel by EDS. */
  readonly endpoints: readonly EndpointPick[];
  readonly preference?: Preference;
  readonly weighsLocalities: boolean;
  readonly http2: boolean;
  readonly statName?: string;
  readonly security?: SecurityPick;
  /** That of the mesh. */
  readonly keepalive?: TcpKeepalive;
  readonly connectTimeout: string;
  readonly dnsRefreshRate: string;
  /** The rule that counts most, if there is any. */
  readonly rule?: ResourceKey;
  readonly sources: readonly ResourceKey[];
}

/**
 * The cluster of one port and subset of a service; undefined where the proxy sees no such thing. Under the name that is
 * an SNI it passes on what is TLS already.
 */
export function pickOutbound(view: WorldView, proxy: Proxy, name: string): OutboundPick | undefined {
  const passedOn = parseOutboundSni(name);
  const parsed = passedOn ?? parseOutbound(name);
  if (!parsed) return undefined;
  const { host, subset } = parsed;
  const service = view.service(host, proxy);
  const port = service?.port(parsed.port);
  const rules = view.destinationRules(host, proxy);
  const rule = ruleView(rules, parsed.port, subset);
  if (!service || !port || port.protocol === 'UDP' || !rule) return undefined;
  const mesh = view.mesh();
  const named = service.resolution === 'STRICT_DNS' || service.resolution === 'LOGICAL_DNS';
  const seen = named ? view.endpoints(host, proxy).filter(({ labels }) => matches(rule.labels, labels)) : [];
  const resolution = rule.policy.loadBalancer?.simple === 'PASSTHROUGH' ? 'ORIGINAL_DST' : service.resolution;
  const http2 = speaksHttp2(port, rule.policy, mesh.h2UpgradePolicy);
  const security = passedOn
    ? undefined
    : pickSecurity(view, proxy, rule, { service, resolution, port, name: parsed, http2 });
  const preference = named ? pickPreference(view, proxy, rule.policy) : undefined;
  return {
    sort: 'outbound',
    name,
    subset,
    host,
    port,
    resolution,
    policy: rule.policy,
    endpoints: pickEndpoints(
      view,
      seen,
      port,
      named ? pickRanks(view, proxy, rule.policy, service) : undefined,
    ),
    ...(preference && { preference }),
    weighsLocalities: weighsLocalities(view, rule.policy),
    http2,
    ...outboundStatName(view, service, port, subset),
    ...(security && { security }),
    ...(mesh.tcpKeepalive && { keepalive: mesh.tcpKeepalive }),
    connectTimeout: rule.policy.connectionPool?.tcp?.connectTimeout ?? mesh.connectTimeout,
    dnsRefreshRate: mesh.dnsRefreshRate,
    ...(rule.sources[0] !== undefined && { rule: rule.sources[0] }),
    sources: [...service.sources, ...rule.sources],
  };
}

export function outboundCluster(pick: OutboundPick): Cluster {
  const { policy, subset, http2, keepalive, security: secured } = pick;
  const { loadBalancer: balance, connectionPool: pool, outlierDetection: outlier, retryBudget } = policy;
  const spoken = pick.port.protocol === 'AUTO' && !http2 ? asClientSpeaks(pool) : pool;
  const requestName = secured?.kind === 'stated' ? secured.requestName : {};
  const errorCodes = outlier?.outlierDetectionHttpErrorCodes;
  return {
    name: pick.name,
    ...(pick.statName && { altStatName: pick.statName }),
    connectTimeout: duration(pick.connectTimeout),
    ...loadBalancer(balance),
    ...commonLoadBalancing(policy, pick.weighsLocalities),
    ...connectionPool(pool, { retryBudget, keepalive }),
    ...(outlier && outlierDetection(outlier)),
    ...discovery(pick),
    typedExtensionProtocolOptions: protocolOptions(http2, spoken, { requestName, errorCodes }) ?? {},
    ...security(secured, policy.proxyProtocol),
    // As Istio does, the rule only: what the service is called is in the name, and there are thousands of clusters.
    metadata: provenance(pick.rule, subset ? { subset } : {}),
  };
}

function outboundStatName(
  view: WorldView,
  service: Service,
  port: ServicePort,
  subset: string,
): { statName?: string } {
  const pattern = view.mesh().outboundClusterStatName;
  if (!pattern) return {};
  const { host, namespace } = service;
  const { number, name, targetPort } = port;
  const parts = { host, namespace, port: number, portName: name, targetPort, subset };
  return { statName: statName(pattern, parts) };
}

function discovery({ name, resolution, endpoints, preference, dnsRefreshRate }: OutboundPick): Cluster {
  const { DiscoveryType, DnsLookupFamily, LbPolicy } = envoy.config.cluster.v3.Cluster;
  const v3 = envoy.config.core.v3.ApiVersion.V3;
  switch (resolution) {
    case 'EDS':
      return {
        type: DiscoveryType.EDS,
        edsClusterConfig: {
          edsConfig: { ads: {}, initialFetchTimeout: { seconds: 0 }, resourceApiVersion: v3 },
        },
      };
    case 'ORIGINAL_DST':
      return { type: DiscoveryType.ORIGINAL_DST, lbPolicy: LbPolicy.CLUSTER_PROVIDED };
    default:
      return {
        type: resolution === 'STRICT_DNS' ? DiscoveryType.STRICT_DNS : DiscoveryType.LOGICAL_DNS,
        dnsLookupFamily: DnsLookupFamily.V4_ONLY,
        dnsRefreshRate: duration(dnsRefreshRate),
        respectDnsTtl: true,
        // LOGICAL_DNS takes a single name.
        loadAssignment:
          resolution === 'STRICT_DNS'
            ? loadAssignment(name, endpoints, preference)
            : loadAssignment(name, endpoints.slice(0, 1)),
      };
  }
}

/** A rule may ask for HTTP/2 whatever the port says; the mesh only where it says HTTP. */
function speaksHttp2(
  { protocol }: ServicePort,
  { connectionPool }: Policy,
  ofMesh: Mesh['h2UpgradePolicy'],
): boolean {
  const { h2UpgradePolicy, useClientProtocol } = connectionPool?.http ?? {};
  // Then a request says which it is.
  if (useClientProtocol) return false;
  if (protocol === 'HTTP2' || h2UpgradePolicy === 'UPGRADE') return true;
  return h2UpgradePolicy !== 'DO_NOT_UPGRADE' && ofMesh === 'UPGRADE' && isHttp(protocol);
}

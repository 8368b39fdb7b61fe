import type { ResourceKey } from '#config';
import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { Resolution, ServicePort } from '../../model/service.js';
import { isHttp } from '../../model/service.js';
import type { Policy } from '../../model/traffic-policy.js';
import { ruleView } from '../../model/traffic-policy.js';
import { matches } from '../../registries/static/endpoints.js';
import { loadAssignment } from '../eds/load-assignment.js';
import type { EndpointPick } from '../eds/pick.js';
import { pickEndpoints } from '../eds/pick.js';
import { outboundSni, parseOutbound } from '../common/names.js';
import { provenance } from '../common/provenance.js';
import { duration } from '../common/values.js';
import { connectionPool } from './connection-pool.js';
import { loadBalancer } from './load-balancer.js';
import { outlierDetection } from './outlier.js';
import { protocolOptions } from './protocol-options.js';
import type { MeshTlsPick, StatedTlsPick } from './upstream-tls.js';
import { autoMtls, meshSocket, requestedName, statedSocket } from './upstream-tls.js';

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
  /** Set where mTLS is chosen by what each endpoint takes, or by the rule. */
  readonly meshTls?: MeshTlsPick & { readonly automatic: boolean };
  readonly connectTimeout: string;
  readonly dnsRefreshRate: string;
  /** The rule that counts most, if there is any. */
  readonly rule?: ResourceKey;
  readonly sources: readonly ResourceKey[];
}

/** The cluster of one port and subset of a service; undefined where the proxy sees no such thing. */
export function pickOutbound(view: WorldView, proxy: Proxy, name: string): OutboundPick | undefined {
  const parsed = parseOutbound(name);
  if (!parsed) return undefined;
  const { host, subset } = parsed;
  const service = view.service(host, proxy.namespace);
  const port = service?.port(parsed.port);
  const rules = view.destinationRules(host, proxy);
  const rule = ruleView(rules, parsed.port, subset);
  if (!service || !port || port.protocol === 'UDP' || !rule) return undefined;
  const mesh = view.mesh();
  const named = service.resolution === 'STRICT_DNS' || service.resolution === 'LOGICAL_DNS';
  const seen = named
    ? view.endpoints(host, proxy.namespace).filter(({ labels }) => matches(rule.labels, labels))
    : [];
  const meshTls = pickMeshTls(view, proxy, rule.policy, { service, port, name: parsed });
  return {
    sort: 'outbound',
    name,
    subset,
    host,
    port,
    resolution: rule.policy.loadBalancer?.simple === 'PASSTHROUGH' ? 'ORIGINAL_DST' : service.resolution,
    policy: rule.policy,
    endpoints: pickEndpoints(view, seen, port),
    ...(meshTls && { meshTls }),
    connectTimeout: rule.policy.connectionPool?.tcp?.connectTimeout ?? mesh.connectTimeout,
    dnsRefreshRate: mesh.dnsRefreshRate,
    ...(rule.sources[0] !== undefined && { rule: rule.sources[0] }),
    sources: [...service.sources, ...rule.sources],
  };
}

interface Target {
  readonly service: { readonly meshExternal: boolean; readonly resolution: Resolution };
  readonly port: ServicePort;
  readonly name: { readonly port: number; readonly subset: string; readonly host: string };
}

function pickMeshTls(
  view: WorldView,
  proxy: Proxy,
  { tls }: Policy,
  target: Target,
): OutboundPick['meshTls'] {
  const { service, port, name } = target;
  const mesh = view.mesh();
  const eligible = !service.meshExternal && service.resolution !== 'ORIGINAL_DST';
  const automatic = !tls && mesh.enableAutoMtls && eligible && view.takesMtls(name.host, proxy.namespace);
  if (!automatic && tls?.mode !== 'ISTIO_MUTUAL') return undefined;
  const stated = tls?.subjectAltNames ?? [];
  return {
    automatic,
    trustDomain: mesh.trustDomain,
    sni: tls?.sni || outboundSni(name),
    http2: port.protocol === 'HTTP2',
    accounts: stated.length > 0 ? stated : view.accounts(name.host, proxy.namespace),
  };
}

export function outboundCluster(pick: OutboundPick): Cluster {
  const { policy, subset } = pick;
  const outlier = policy.outlierDetection ? outlierDetection(policy.outlierDetection) : {};
  return {
    name: pick.name,
    connectTimeout: duration(pick.connectTimeout),
    ...loadBalancer(policy.loadBalancer),
    ...connectionPool(policy.connectionPool),
    ...outlier,
    ...discovery(pick),
    typedExtensionProtocolOptions: protocols(pick) ?? {},
    ...security(pick),
    // As Istio does, the rule only: what the service is called is in the name, and there are thousands of clusters.
    metadata: provenance(pick.rule, subset ? { subset } : {}),
  };
}

function discovery({ name, resolution, endpoints, dnsRefreshRate }: OutboundPick): Cluster {
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
        loadAssignment: loadAssignment(name, resolution === 'STRICT_DNS' ? endpoints : endpoints.slice(0, 1)),
      };
  }
}

function protocols(pick: OutboundPick): Cluster['typedExtensionProtocolOptions'] {
  const stated = statedTls(pick);
  const nameFromRequest = stated !== undefined && !requestedName(stated.tls, stated.host);
  const http = isHttp(pick.port.protocol);
  return protocolOptions(speaksHttp2(pick), pick.policy.connectionPool, nameFromRequest && http);
}

function speaksHttp2({ port, policy }: OutboundPick): boolean {
  const upgraded = policy.connectionPool?.http?.h2UpgradePolicy === 'UPGRADE';
  return port.protocol === 'HTTP2' || (port.protocol === 'HTTP' && upgraded);
}

function security(pick: OutboundPick): Cluster {
  const { meshTls } = pick;
  if (meshTls) return meshTls.automatic ? autoMtls(meshTls) : { transportSocket: meshSocket(meshTls) };
  const stated = statedTls(pick);
  return stated ? { transportSocket: statedSocket(stated) } : {};
}

function statedTls(pick: OutboundPick): StatedTlsPick | undefined {
  const { tls } = pick.policy;
  if (tls?.mode !== 'SIMPLE' && tls?.mode !== 'MUTUAL') return undefined;
  return { tls, host: pick.host, http2: speaksHttp2(pick) };
}

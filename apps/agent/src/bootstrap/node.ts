import type { OwnProxyConfig } from '../proxy-config.js';
import type { JsonObject } from './json.js';

/** What a proxy is: beside a workload, or a gateway. */
export type ProxyType = 'sidecar' | 'router';

/** What a proxy says about itself. */
export interface NodeIdentity {
  readonly type: ProxyType;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly name: string;
  readonly address: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly trustDomain: string;
  readonly interceptionMode: string;
  readonly httpProxyPort: number | undefined;
}

/** The release of Istio whose control plane this is: what tools show as the proxy's version. */
const ISTIO_VERSION = '1.4.10';
const DNS_DOMAIN = 'cluster.local';

/** Labels that name a workload's application, the most specific first. */
const APP_LABELS = ['service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app'];

/** The SPIFFE ID that Pilot must prove. */
export function pilotUri(trustDomain: string): string {
  return `spiffe://${trustDomain}/ns/istio-system/sa/istio-pilot-service-account`;
}

/** `<type>~<ip>~<name>.<namespace>~<namespace>.svc.cluster.local`. */
export function nodeId({ type, address, name, namespace }: NodeIdentity): string {
  return `${type}~${address}~${name}.${namespace}~${namespace}.svc.${DNS_DOMAIN}`;
}

/** Envoy's node in the form of Istio's agent. */
export function nodeOf(identity: NodeIdentity, proxyConfig?: OwnProxyConfig): JsonObject {
  const { labels, namespace, name } = identity;
  const app = APP_LABELS.map((label) => labels.get(label)).find(Boolean) ?? name;
  const locality = localityOf(labels.get('istio-locality'));
  return {
    id: nodeId(identity),
    cluster: clusterName(app, namespace, proxyConfig?.tracingServiceName),
    ...(locality && { locality }),
    metadata: metadataOf(identity, proxyConfig),
  };
}

/** What Zipkin's spans call the service. */
function clusterName(app: string, namespace: string, scheme: string | undefined): string {
  return scheme === 'CANONICAL_NAME_ONLY' ? app : `${app}.${namespace}`;
}

function metadataOf(identity: NodeIdentity, proxyConfig: OwnProxyConfig | undefined): JsonObject {
  return {
    // First: who this is nobody may change.
    ...proxyConfig?.metadata,
    NAME: identity.name,
    NAMESPACE: identity.namespace,
    SERVICE_ACCOUNT: identity.serviceAccount,
    LABELS: Object.fromEntries(identity.labels),
    WORKLOAD_NAME: identity.name,
    WORKLOAD_ENTRY: identity.name,
    INSTANCE_IPS: identity.address,
    INTERCEPTION_MODE: identity.interceptionMode,
    CLUSTER_ID: 'quartet',
    MESH_ID: proxyConfig?.meshId ?? identity.trustDomain,
    ISTIO_VERSION,
    PILOT_SAN: [pilotUri(identity.trustDomain)],
    QUARTET_VHDS: true,
    ...(proxyConfig && { PROXY_CONFIG: proxyConfig.stated }),
    ...(identity.httpProxyPort !== undefined && { HTTP_PROXY_PORT: String(identity.httpProxyPort) }),
  };
}

/** The label `istio-locality` has dots for slashes, since a label's value must not hold a slash. */
function localityOf(label: string | undefined): JsonObject | undefined {
  if (label === undefined) return undefined;
  const [region = '', zone = '', ...subZone] = label.split('.');
  return { region, zone, sub_zone: subZone.join('.') };
}

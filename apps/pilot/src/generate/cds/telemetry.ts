import type { ClientTLSSettings, RemoteService, ResourceKey } from '#config';
import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { address, isStatic, splitHostPort } from '../common/address.js';
import { ACCESS_LOG_SERVICE } from '../lds/log-sinks.js';
import { DATADOG, ZIPKIN } from '../lds/select-tracing.js';
import { connectionPool } from './connection-pool.js';
import { protocolOptions } from './protocol-options.js';
import { telemetryClusterNames } from './telemetry-names.js';
import { meshSocket, statedSocket } from './upstream-tls.js';

type Cluster = envoy.config.cluster.v3.Cluster.$Properties;

/** A collector that is known by its address: of spans, or of log records. */
export interface TelemetryPick {
  readonly sort: 'telemetry';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly http2: boolean;
  readonly tls?: ClientTLSSettings;
  readonly tcpKeepalive?: NonNullable<RemoteService['tcpKeepalive']>;
  readonly trustDomain: string;
  readonly sources: readonly ResourceKey[];
}

export function pickTelemetry(view: WorldView, proxy: Proxy, name: string): TelemetryPick | undefined {
  if (name !== ZIPKIN && name !== DATADOG && name !== ACCESS_LOG_SERVICE) return undefined;
  if (!telemetryClusterNames(view, proxy).includes(name)) return undefined;
  const { address: stated, tlsSettings: tls, tcpKeepalive } = serviceOf(view, proxy, name);
  const target = splitHostPort(stated ?? '');
  if (!target) return undefined;
  const { trustDomain, sources } = view.mesh();
  return {
    sort: 'telemetry',
    name,
    ...target,
    http2: name === ACCESS_LOG_SERVICE,
    ...(tls && { tls }),
    ...(tcpKeepalive && { tcpKeepalive }),
    trustDomain,
    sources,
  };
}

function serviceOf(view: WorldView, proxy: Proxy, name: string): RemoteService {
  const { tracing = {}, envoyAccessLogService = {} } = view.proxyConfig(proxy);
  if (name === ACCESS_LOG_SERVICE) return envoyAccessLogService;
  const found = name === ZIPKIN ? tracing.zipkin : tracing.datadog;
  return {
    ...(found && { address: found.address }),
    ...(tracing.tlsSettings && { tlsSettings: tracing.tlsSettings }),
  };
}

export function telemetryCluster(pick: TelemetryPick): Cluster {
  const { name, host, port, http2, tcpKeepalive } = pick;
  const { DiscoveryType } = envoy.config.cluster.v3.Cluster;
  return {
    name,
    type: isStatic(host) ? DiscoveryType.STATIC : DiscoveryType.STRICT_DNS,
    ...connectionPool(tcpKeepalive && { tcp: { tcpKeepalive } }),
    typedExtensionProtocolOptions: protocolOptions(http2, undefined) ?? {},
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: address(host, port) } }] }],
    },
    ...socketOf(pick),
  };
}

function socketOf({ tls, host, http2, trustDomain }: TelemetryPick): Cluster {
  if (tls?.mode === 'ISTIO_MUTUAL') {
    const accounts = tls.subjectAltNames ?? [];
    return { transportSocket: meshSocket({ trustDomain, sni: tls.sni || host, http2, accounts }) };
  }
  const isStated = tls?.mode === 'SIMPLE' || tls?.mode === 'MUTUAL';
  if (!isStated) return {};
  const sni = tls.sni || host;
  const names = tls.subjectAltNames?.length ? tls.subjectAltNames : [sni];
  return { transportSocket: statedSocket({ tls, sni, names, http2 }) };
}

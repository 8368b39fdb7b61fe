import { GrpcEndpoint, grpcService, rawBidi, serviceDefinition } from '#common/grpc';
import type { TlsIdentity } from '#common/identity';
import { envoy } from '#common/proto/envoy';

const { Cluster } = envoy.config.cluster.v3;
const { Listener } = envoy.config.listener.v3;
const { Router } = envoy.extensions.filters.http.router.v3;
const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
const { DownstreamTlsContext } = envoy.extensions.transport_sockets.tls.v3;
const { ApiType } = envoy.config.core.v3.ApiConfigSource;
const V3 = envoy.config.core.v3.ApiVersion.V3;
const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
const TYPES = {
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
};

const AdsService = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
  DeltaAggregatedResources: rawBidi(),
});

/** What a proxy under test serves. */
export interface TestWorkload {
  /** Port of the mTLS listener on 127.0.0.1. */
  readonly port: number;
  /** Port of the application behind it. */
  readonly appPort: number;
}

export interface TestPilot {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves one cluster and one listener over TLS, as Pilot would: enough for an Envoy to go live and to take traffic. */
export async function startPilot(identity: TlsIdentity, workload: TestWorkload): Promise<TestPilot> {
  const resources = new Map([
    [TYPES.cluster, { name: 'inbound|80||', value: encodeCluster(workload) }],
    [TYPES.listener, { name: 'inbound', value: encodeListener(workload) }],
  ]);
  const service = grpcService(AdsService, {
    DeltaAggregatedResources(call) {
      const told = new Set<string>();
      call.on('data', (bytes: Buffer) => {
        const { typeUrl } = DeltaDiscoveryRequest.decode(bytes);
        const resource = resources.get(typeUrl);
        if (told.has(typeUrl) || resource === undefined) return;
        told.add(typeUrl);
        const { name, value } = resource;
        const response = {
          typeUrl,
          nonce: typeUrl,
          systemVersionInfo: '1',
          resources: [{ name, version: '1', resource: { type_url: typeUrl, value } }],
        };
        call.write(Buffer.from(DeltaDiscoveryResponse.encode(response).finish()));
      });
      call.on('end', () => call.end());
    },
  });
  const source = { current: () => identity, subscribe: () => () => undefined };
  const endpoint = new GrpcEndpoint({
    bind: '127.0.0.1:0',
    tls: { identity: source, clientCertificates: 'required' },
    services: [service],
  });
  return { address: await endpoint.listen(), close: () => endpoint.close() };
}

function encodeCluster({ appPort }: TestWorkload): Uint8Array {
  const endpoint = { address: loopback(appPort) };
  return Cluster.encode({
    name: 'inbound|80||',
    type: Cluster.DiscoveryType.STATIC,
    connectTimeout: { seconds: 1 },
    loadAssignment: { clusterName: 'inbound|80||', endpoints: [{ lbEndpoints: [{ endpoint }] }] },
  }).finish();
}

function encodeListener({ port }: TestWorkload): Uint8Array {
  const router = any('envoy.extensions.filters.http.router.v3.Router', Router.encode({}));
  const manager = HttpConnectionManager.encode({
    statPrefix: 'inbound',
    httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: router }],
    routeConfig: {
      name: 'inbound',
      virtualHosts: [
        {
          name: 'inbound',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'inbound|80||', timeout: { seconds: 0 } } }],
        },
      ],
    },
  });
  const hcm = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  return Listener.encode({
    name: 'inbound',
    address: loopback(port),
    trafficDirection: envoy.config.core.v3.TrafficDirection.INBOUND,
    filterChains: [
      {
        filters: [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: any(hcm, manager) }],
        transportSocket: { name: 'envoy.transport_sockets.tls', typedConfig: mutualTls() },
      },
    ],
  }).finish();
}

function mutualTls(): { type_url: string; value: Uint8Array } {
  const context = DownstreamTlsContext.encode({
    requireClientCertificate: { value: true },
    commonTlsContext: {
      alpnProtocols: ['h2', 'http/1.1'],
      tlsCertificateSdsSecretConfigs: [secret('default')],
      validationContextSdsSecretConfig: secret('ROOTCA'),
    },
  });
  return any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', context);
}

/** By the state-of-the-world variant: the bootstrap uses the other one. */
function secret(name: string) {
  const apiConfigSource = {
    apiType: ApiType.GRPC,
    transportApiVersion: V3,
    grpcServices: [{ envoyGrpc: { clusterName: 'sds-grpc' } }],
  };
  return { name, sdsConfig: { resourceApiVersion: V3, apiConfigSource } };
}

function loopback(portValue: number) {
  return { socketAddress: { address: '127.0.0.1', portValue } };
}

function any(message: string, encoded: { finish(): Uint8Array }): { type_url: string; value: Uint8Array } {
  return { type_url: `type.googleapis.com/${message}`, value: encoded.finish() };
}

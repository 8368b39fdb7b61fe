import { envoy } from '#common/proto/envoy';
import { contentVersion } from '../../cache/index.js';
import { TYPE } from '../../model/contract.js';
import type { ToyResource } from '../../push/testing/toy-world.js';

const { Cluster } = envoy.config.cluster.v3;
const { ClusterLoadAssignment } = envoy.config.endpoint.v3;
const { Listener } = envoy.config.listener.v3;
const { RouteConfiguration, VirtualHost } = envoy.config.route.v3;
const { HttpConnectionManager } = envoy.extensions.filters.network.http_connection_manager.v3;
const { Router } = envoy.extensions.filters.http.router.v3;

export type Edits = Record<string, ToyResource | undefined>;

const ADS = { ads: {}, resourceApiVersion: envoy.config.core.v3.ApiVersion.V3 };

/** An EDS cluster with one endpoint on the loopback address. */
export function cluster(name: string, port: number, connectTimeout = 5): Edits {
  const edsClusterConfig = { edsConfig: ADS };
  const type = Cluster.DiscoveryType.EDS;
  const value = Cluster.encode({
    name,
    type,
    edsClusterConfig,
    connectTimeout: { seconds: connectTimeout },
  }).finish();
  return { ...resource(TYPE.cluster, name, value), ...endpoint(name, port) };
}

export function endpoint(clusterName: string, port: number): Edits {
  const address = { socketAddress: { address: '127.0.0.1', portValue: port } };
  const endpoints = [{ lbEndpoints: [{ endpoint: { address } }] }];
  return resource(
    TYPE.endpoint,
    clusterName,
    ClusterLoadAssignment.encode({ clusterName, endpoints }).finish(),
  );
}

export function withoutCluster(name: string): Edits {
  return { [`${TYPE.cluster}#${name}`]: undefined, [`${TYPE.endpoint}#${name}`]: undefined };
}

/** An HTTP listener whose route table comes by RDS. */
export function listener(name: string, port: number, routeConfigName: string): Edits {
  const router = {
    name: 'envoy.filters.http.router',
    typedConfig: any('envoy.extensions.filters.http.router.v3.Router', Router.encode({}).finish()),
  };
  const manager = HttpConnectionManager.encode({
    statPrefix: name,
    rds: { routeConfigName, configSource: ADS },
    httpFilters: [router],
  }).finish();
  const typedConfig = any(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    manager,
  );
  const filterChains = [{ filters: [{ name: 'http', typedConfig }] }];
  const address = { socketAddress: { address: '127.0.0.1', portValue: port } };
  return resource(TYPE.listener, name, Listener.encode({ name, address, filterChains }).finish());
}

export interface Host {
  readonly domains: readonly string[];
  readonly cluster: string;
  /** A path regex, for a route that Envoy may refuse. */
  readonly regex?: string;
}

/** A route table: its hosts inside (SotW), or each a resource of its own (VHDS). */
export function table(route: string, hosts: Readonly<Record<string, Host>>, vhds: boolean): Edits {
  if (!vhds) {
    const virtualHosts = Object.entries(hosts).map(([name, host]) => virtualHost(name, host));
    return resource(TYPE.route, route, RouteConfiguration.encode({ name: route, virtualHosts }).finish());
  }
  const configuration = { name: route, vhds: { configSource: ADS } };
  const edits = Object.entries(hosts).map(([name, host]) => {
    const full = `${route}/${name}`;
    return resource(TYPE.virtualHost, full, VirtualHost.encode(virtualHost(full, host)).finish());
  });
  return Object.assign(
    resource(TYPE.route, route, RouteConfiguration.encode(configuration).finish()),
    ...edits,
  ) as Edits;
}

export function withoutHost(route: string, name: string): Edits {
  return { [`${TYPE.virtualHost}#${route}/${name}`]: undefined };
}

function virtualHost(name: string, host: Host): envoy.config.route.v3.VirtualHost.$Properties {
  const match = host.regex === undefined ? { prefix: '/' } : { safeRegex: { regex: host.regex } };
  return { name, domains: [...host.domains], routes: [{ match, route: { cluster: host.cluster } }] };
}

function any(type: string, value: Uint8Array): { type_url: string; value: Uint8Array } {
  return { type_url: `type.googleapis.com/${type}`, value };
}

function resource(type: string, name: string, value: Uint8Array): Edits {
  return { [`${type}#${name}`]: { text: contentVersion(value), namespace: '*', value } };
}

import { envoy } from '#common/proto/envoy';
import type { Generator, Inputs, WorldView } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { outboundClusterNames } from '../cds/names.js';
import { parseOutbound, sniffedRoute, virtualHostName } from '../common/names.js';
import { seal } from '../common/seal.js';
import { resolve } from '../vhds/destinations.js';
import type { VirtualHostPick } from '../vhds/inputs.js';
import { pickForSidecar } from '../vhds/select-sidecar.js';
import { virtualHostSources } from '../vhds/virtual-host.js';
import type { ForGrpc } from './by-client.js';
import { FOR_GRPC } from './by-client.js';
import { grpcRoutesOf } from './route.js';
import type { Target } from './targets.js';
import { served } from './targets.js';

/** A table for each target, `outbound|80||reviews.default.svc.cluster.local`, with its one virtual host. */
export const grpcRoutes: Generator<VirtualHostPick & ForGrpc & Inputs> = {
  type: TYPE.route,

  names: (view, proxy) =>
    outboundClusterNames(view, proxy).filter((name) => parseOutbound(name)?.subset === ''),

  select(view, proxy, name) {
    const { host, port, subset } = parseOutbound(name) ?? {};
    const target = host && port && subset === '' ? served(view, proxy, host, port) : undefined;
    const pick = target && pickTarget(view, proxy, target);
    return pick && seal('RouteConfiguration', { ...FOR_GRPC, ...pick, name });
  },

  generate(inputs) {
    const { RouteConfiguration } = envoy.config.route.v3;
    const { name, host, port, domains } = inputs;
    const virtualHost = {
      name: virtualHostName(host, port),
      domains: [...domains],
      routes: grpcRoutesOf(inputs),
    };
    const value = RouteConfiguration.encode({ name, virtualHosts: [virtualHost] }).finish();
    return { value, sources: virtualHostSources(inputs) };
  },
};

/** As for a sidecar, but that only one target has these routes, whatever the authority that a client states. */
function pickTarget(
  view: WorldView,
  proxy: Proxy,
  { host, port, service }: Target,
): VirtualHostPick | undefined {
  const http = pickForSidecar(view, proxy, sniffedRoute(host, port), host, port);
  if (http || !service) return http;
  return {
    name: virtualHostName(host, port),
    host,
    domains: ['*'],
    port,
    virtualServices: [],
    destinations: [],
    fallback: resolve(view, proxy, `${host}|${port}|`, port),
    serviceSources: service.sources,
    httpsRedirect: false,
  };
}

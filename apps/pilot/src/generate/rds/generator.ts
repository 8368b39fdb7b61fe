import { envoy } from '#common/proto/envoy';
import type { Generator, Inputs } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import { servesAllPorts, takesVirtualHosts } from '../common/own-egress.js';
import { seal } from '../common/seal.js';
import { pickVirtualHost } from '../vhds/generator.js';
import { hostsOfRoute } from '../vhds/hosts.js';
import type { RouteConfigurationPick } from './route-configuration.js';
import { routeConfiguration, routeConfigurationSources, unknownHosts } from './route-configuration.js';
import { routeNames, tableSources } from './routes.js';

const EVERY_HOST: ReadonlySet<string> = new Set(['*']);

/**
 * Route tables: whole, or for a proxy that takes virtual hosts one by one with only what has to stand in the table
 * itself, the host `*`.
 */
export const routeGenerator: Generator<RouteConfigurationPick & Inputs> = {
  type: TYPE.route,

  names: (view, proxy) => routeNames(view, proxy),

  select(view, proxy, name) {
    if (!routeNames(view, proxy).includes(name)) return undefined;
    const vhds = takesVirtualHosts(proxy, name);
    const hosts = hostsOfRoute(view, proxy, name, vhds ? EVERY_HOST : undefined);
    const picks = hosts.map(({ host, port }) => pickVirtualHost(view, proxy, name, host, port));
    return seal('RouteConfiguration', {
      name,
      unknownHosts: unknownHosts(view, proxy, name),
      virtualHosts: picks.filter((pick) => pick !== undefined),
      allPorts: servesAllPorts(view, proxy, name),
      vhds,
      sources: tableSources(view, proxy, name),
    });
  },

  generate(inputs) {
    const value = envoy.config.route.v3.RouteConfiguration.encode(routeConfiguration(inputs)).finish();
    return { value, sources: routeConfigurationSources(inputs) };
  },
};

import type { Gateway } from '#config';
import { anyAddress } from '../model/addresses.js';
import type { Config } from '../model/config.js';
import type { GatewayServer } from '../model/gateways.js';
import type { Proxy } from '../model/proxy.js';
import type { Instance } from './view.js';

/** Where a gateway proxy listens. */
export interface GatewayPlace {
  /** For servers that bind to none themselves. */
  readonly address: string;
  /** Ports of the workload, by those ports of its services that lead to them. */
  readonly targets: Readonly<Record<number, number>>;
}

export function placeOf(proxy: Proxy, instances: readonly Instance[]): GatewayPlace {
  return { address: anyAddress(proxy), targets: targetPorts(instances) };
}

/** A gateway is a workload with a service before it: servers state the port of that service. */
function targetPorts(instances: readonly Instance[]): Record<number, number> {
  const targets: Record<number, number> = {};
  for (const { port, number } of instances) targets[port.number] ??= number;
  return targets;
}

export function placedServers(
  gateways: readonly Config<Gateway>[],
  { address, targets }: GatewayPlace,
): GatewayServer[] {
  return gateways.flatMap((gateway) =>
    (gateway.spec.servers ?? []).map((server, index) => {
      const { number } = server.port;
      return { gateway, server, index, address: server.bind || address, port: targets[number] ?? number };
    }),
  );
}

import type { WorldView } from '../../model/contract.js';
import type { Patch } from '../../model/patch.js';
import { nameIn } from '../../model/patch.js';
import type { Proxy } from '../../model/proxy.js';
import { envoy } from '#common/proto/envoy';
import type { Place } from './candidates.js';
import { isAt, patchesFor } from './candidates.js';
import type { PatchedListener } from './listener-match.js';
import { patchListener } from './listener.js';
import type { Patching } from './patched.js';

interface ListenerContext {
  readonly isGateway: boolean;
  readonly portNames: PatchedListener['portNames'];
}

/** LISTENER and everything inside: filter chains, filters, and the routes to the application. */
export const patchListeners: Patching<ListenerContext> = {
  target: 'LISTENER',

  added: (view, proxy) => patchesFor(view, proxy, 'listener', isAdded).map(nameIn),

  pick(view, proxy, name) {
    const patches = [
      ...patchesFor(view, proxy, 'listener', (patch) => mayChange(patch, name)),
      ...patchesFor(view, proxy, 'route', isInbound),
    ];
    const asksForNames = patches.some(({ spec }) => spec.match?.listener?.portName);
    const context = {
      isGateway: patches.length > 0 && proxy.type === 'router',
      portNames: asksForNames ? portNames(view, proxy, name) : {},
    };
    return { patches, context };
  },

  apply(message, patches, { isGateway, portNames }) {
    const { INBOUND } = envoy.config.core.v3.TrafficDirection;
    const side: Place = message['traffic_direction'] === INBOUND ? 'SIDECAR_INBOUND' : 'SIDECAR_OUTBOUND';
    return patchListener({ message, place: isGateway ? 'GATEWAY' : side, portNames }, patches);
  },
};

function isAdded({ operation, spec }: Patch): boolean {
  return operation === 'ADD' && spec.applyTo === 'LISTENER';
}

function mayChange(patch: Patch, name: string): boolean {
  if (isAdded(patch)) return nameIn(patch) === name;
  const asked = patch.spec.match?.listener?.name;
  return !asked || asked === name;
}

/** Tables of other places travel by themselves. */
function isInbound(patch: Patch): boolean {
  return isAt(patch, 'SIDECAR_INBOUND');
}

/** The names of the ports that a listener may be for. */
function portNames(view: WorldView, proxy: Proxy, listener: string): PatchedListener['portNames'] {
  const ports = proxy.type === 'router' ? serverPorts : servicePorts;
  const named = ports(view, proxy, listener);
  const byPort = new Map<number, string[]>();
  for (const [port, name] of named) byPort.set(port, [...(byPort.get(port) ?? []), name]);
  return Object.fromEntries([...byPort].map(([port, names]) => [port, [...new Set(names)].sort()]));
}

function serverPorts(view: WorldView, proxy: Proxy, listener: string): [port: number, name: string][] {
  const servers = view.gatewayTable(proxy).listeners.get(listener)?.servers ?? [];
  return servers.map(({ port, server }) => [port, server.port.name ?? '']);
}

function servicePorts(view: WorldView, proxy: Proxy, listener: string): [port: number, name: string][] {
  const inbound = view.instances(proxy).map(({ number, port }): [number, string] => [number, port.name]);
  const [, ownPort] = /_(\d+)$/.exec(listener) ?? [];
  const number = Number(ownPort ?? 0);
  const services = view.servicesOnPort(number, proxy);
  const outbound = services.map(({ host }): [number, string] => {
    return [number, view.service(host, proxy)?.port(number)?.name ?? ''];
  });
  return [...inbound, ...outbound];
}

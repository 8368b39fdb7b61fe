import { freePorts } from '#common/free-ports';

/** Every port of a control plane on one host. */
export interface Ports {
  readonly nats: number;
  readonly citadelGrpc: number;
  readonly citadelHttp: number;
  readonly galleyHttp: number;
  readonly pilotXds: number;
  readonly pilotXdsTls: number;
  readonly pilotHttp: number;
  readonly mixerGrpc: number;
  readonly mixerMetrics: number;
  readonly mixerHttp: number;
}

/**
 * Istio's own ports. Where several services share a host, 15014 cannot be everybody's: Pilot's HTTP is its debug port
 * 8080, Galley keeps 15014, Citadel and Mixer stand 10 and 20 above it.
 */
export const ISTIO_PORTS: Ports = {
  nats: 4222,
  citadelGrpc: 8060,
  citadelHttp: 15024,
  galleyHttp: 15014,
  pilotXds: 15010,
  pilotXdsTls: 15012,
  pilotHttp: 8080,
  mixerGrpc: 9091,
  mixerMetrics: 42422,
  mixerHttp: 15034,
};

/** Free ports, picked once: a service that is restarted comes back on the port that proxies know. */
export async function freePortsOn(host: string): Promise<Ports> {
  const names = Object.keys(ISTIO_PORTS) as (keyof Ports)[];
  const ports = await freePorts(names.length, host);
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as unknown as Ports;
}

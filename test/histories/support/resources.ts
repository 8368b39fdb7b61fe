import type { Operation } from '#common/config-log';
import { MESH_CONFIG_KEY } from '#config';

/** Resources of the edited mesh, as a writer of the config log puts them there. All are of namespace `default`. */
const ORIGIN = { file: 'mesh.yaml', line: 1 };

/** The port that services are called on. Nobody listens on it: calls come through a proxy's own port. */
export const SERVICE_PORT = 18_080;

export const hostOf = (service: string): string => `${service}.default.svc.cluster.local`;

export function put(kind: string, name: string, spec: unknown): Operation {
  return { op: 'put', key: keyOf(kind, name), content: contentOf(spec), origin: ORIGIN };
}

export function remove(kind: string, name: string): Operation {
  return { op: 'delete', key: keyOf(kind, name) };
}

/** No mutual TLS: there is no agent here that could hand out certificates. */
export const MESH: Operation = {
  op: 'put',
  key: MESH_CONFIG_KEY,
  content: contentOf({ enableAutoMtls: false }),
  origin: ORIGIN,
};

/** An endpoint per backend, labelled with the backend's name. */
export function serviceEntry(
  name: string,
  backends: readonly string[],
  portOf: (backend: string) => number,
): Operation {
  return put('ServiceEntry', name, {
    hosts: [hostOf(name)],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: SERVICE_PORT, name: 'http', protocol: 'HTTP' }],
    endpoints: backends.map((backend) => ({
      address: '127.0.0.1',
      ports: { http: portOf(backend) },
      labels: { version: backend },
    })),
  });
}

export interface Destination {
  readonly service: string;
  readonly subset?: string | undefined;
}

/** A route in the mesh and behind gateways; its answers carry the mark. */
export function virtualService(
  name: string,
  mark: number,
  { service, subset }: Destination,
  gateways: readonly string[],
): Operation {
  const destination = { host: hostOf(service), ...(subset !== undefined && { subset }) };
  const headers = { response: { set: { 'x-mark': String(mark) } } };
  const http = [{ headers, route: [{ destination }] }];
  return put('VirtualService', name, { hosts: [hostOf(name)], gateways: ['mesh', ...gateways], http });
}

export interface Subset {
  readonly name: string;
  readonly version: string;
}

export function destinationRule(service: string, connectTimeoutMs: number, subset?: Subset): Operation {
  const subsets = subset ? [{ name: subset.name, labels: { version: subset.version } }] : [];
  return put('DestinationRule', service, {
    host: hostOf(service),
    trafficPolicy: { connectionPool: { tcp: { connectTimeout: `${connectTimeoutMs}ms` } } },
    subsets,
  });
}

export interface EgressPort {
  readonly port: number;
  readonly hosts: readonly string[];
}

/** The ports through which the application beside one proxy calls others. */
export function sidecar(proxy: string, ports: readonly EgressPort[]): Operation {
  const egress = ports.map(({ port: number, hosts }) => ({
    port: { number, name: `proxy-${number}`, protocol: 'HTTP_PROXY' },
    bind: '127.0.0.1',
    hosts,
  }));
  return put('Sidecar', proxy, { workloadSelector: { labels: { proxy } }, egress });
}

export function gateway(proxy: string, ports: readonly number[]): Operation {
  const servers = ports.map((number) => ({
    port: { number, name: `http-${number}`, protocol: 'HTTP' },
    hosts: ['*'],
  }));
  return put('Gateway', proxy, { selector: { proxy }, servers });
}

/** Changes the listeners of all sidecars and gateways in place, and nothing that a request could see. */
export function accessLog(status: number): Operation {
  const filter = { expression: `response.code > ${status}` };
  const accessLogging = [{ providers: [{ name: 'envoy' }], filter }];
  const key = 'telemetry.istio.io/Telemetry/istio-system/log';
  return { op: 'put', key, content: contentOf({ accessLogging }), origin: ORIGIN };
}

function keyOf(kind: string, name: string): string {
  return `networking.istio.io/${kind}/default/${name}`;
}

function contentOf(spec: unknown): string {
  return JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec });
}

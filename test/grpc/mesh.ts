import type { Operation } from '#common/config-log';
import { MESH_CONFIG_KEY } from '#config';

const ORIGIN = { file: 'grpc.yaml', line: 1 };

/** Writes a resource of namespace `default`. */
export function put(kind: string, name: string, spec: unknown, group = 'networking.istio.io'): Operation {
  const content = JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec });
  return { op: 'put', key: `${group}/${kind}/default/${name}`, content, origin: ORIGIN };
}

export function drop(kind: string, name: string): Operation {
  return { op: 'delete', key: `networking.istio.io/${kind}/default/${name}` };
}

export function mesh(): Operation {
  return { ...put('MeshConfig', 'istio', {}), key: MESH_CONFIG_KEY } as Operation;
}

export const hostOf = (name: string): string => `${name}.default.svc.cluster.local`;

interface Endpoint {
  readonly port: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: string;
  readonly serviceAccount?: string;
}

/** A service on port 80 whose endpoints are on this machine. */
export function service(name: string, endpoints: readonly Endpoint[]): Operation {
  return put('ServiceEntry', name, {
    hosts: [hostOf(name)],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'grpc', protocol: 'GRPC' }],
    endpoints: endpoints.map(({ port, ...rest }) => ({
      address: '127.0.0.1',
      ports: { grpc: port },
      ...rest,
    })),
  });
}

export function peerAuthentication(app: string, mode: string): Operation {
  const spec = { selector: { matchLabels: { app } }, mtls: { mode } };
  return put('PeerAuthentication', app, spec, 'security.istio.io');
}

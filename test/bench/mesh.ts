import type { Operation } from '#common/config-log';
import { encodeContent, resourceKey, type Resource } from '#config';

/** A mesh of `services` services in ten namespaces, each with a VirtualService: that of Istio's published figures. */
export function meshOperations(services: number): Operation[] {
  return Array.from({ length: services }, (_, n) => [serviceEntry(n), virtualService(n, 'first')]).flat();
}

type Put = Operation & { readonly op: 'put' };

const NAMESPACES = 10;

export function namespaceOf(n: number): string {
  return `ns-${n % NAMESPACES}`;
}

export function hostOf(n: number): string {
  return `svc-${n}.${namespaceOf(n)}.svc.cluster.local`;
}

/** One service with two endpoints. `address` is the second one's: to change it is an endpoint change. */
export function serviceEntry(n: number, address = `10.91.${n >> 8}.${n & 255}`): Put {
  const spec = {
    hosts: [hostOf(n)],
    addresses: [`10.96.${n >> 8}.${n & 255}`],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: `10.90.${n >> 8}.${n & 255}` }, { address }],
  };
  return put('ServiceEntry', n, spec);
}

/** `mark` travels in a header, so that whoever receives the route can be seen to have it. */
export function virtualService(n: number, mark: string): Put {
  const headers = { request: { set: { 'x-mark': mark } } };
  const spec = { hosts: [hostOf(n)], http: [{ headers, route: [{ destination: { host: hostOf(n) } }] }] };
  return put('VirtualService', n, spec);
}

export function put(kind: string, n: number, spec: unknown, name = `svc-${n}`): Put {
  const [group, namespace] = ['networking.istio.io', namespaceOf(n)];
  const key = resourceKey(group, kind, namespace, name);
  const identity = { key, group, kind, namespace, name };
  const resource: Resource = { ...identity, labels: {}, annotations: {}, creationTimestamp: '', spec };
  return { op: 'put', key, content: encodeContent(resource), origin: { file: 'mesh.yaml', line: n + 1 } };
}

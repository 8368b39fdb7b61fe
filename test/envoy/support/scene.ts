import { freePorts } from '#common/testing';
import { TestCa } from '../../../libs/common/src/identity/test-ca.js';
import type { Backend } from './backend.js';
import { httpBackend } from './backend.js';
import type { Scene } from './cases.js';
import type { ProxyOptions } from './proxy.js';
import { startProxy } from './proxy.js';

export interface SidecarScene extends Scene {
  readonly backends: ReadonlyMap<string, Backend>;
  backend(name: string): Backend;
}

export interface SceneOptions {
  /** HTTP backends by name. */
  readonly backends: readonly string[];
  /** How many ports services may have. */
  readonly ports?: number;
  readonly config: (portOf: (backend: string) => number, ports: readonly number[]) => string;
  readonly authority?: string;
  readonly proxy?: Partial<ProxyOptions>;
}

/** A client's proxy before HTTP backends without any: what a VirtualService does is all done by the client's side. */
export async function sidecarScene(options: SceneOptions): Promise<SidecarScene> {
  const started = await Promise.all(options.backends.map((name) => httpBackend(name)));
  const backends = new Map(started.map((backend) => [backend.name, backend]));
  const ports = await freePorts(options.ports ?? 1);
  const backend = (name: string): Backend => {
    const found = backends.get(name);
    if (!found) throw new Error(`no backend ${name}`);
    return found;
  };
  const config = options.config((name) => backend(name).port, ports);
  const identity = await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client');
  const proxy = await startProxy({
    config,
    address: '127.77.0.1',
    name: 'client',
    metadata: { LABELS: { app: 'client' } },
    identity,
    ...options.proxy,
  });
  return {
    proxy,
    ports,
    backends,
    backend,
    authority: options.authority ?? 'reviews',
    portOf: (name) => backend(name).port,
  };
}

/** A service with an endpoint for each backend, labelled with its name. */
export function service(
  name: string,
  ports: readonly number[],
  endpoints: readonly { readonly name: string; readonly port: number; readonly locality?: string }[],
  extra = '',
): string {
  const named = ports.map((number, index) => `{number: ${number}, name: http-${index}, protocol: HTTP}`);
  const rows = endpoints.map(({ name: version, port, locality }) => {
    const all = ports.map((_port, index) => `http-${index}: ${port}`).join(', ');
    const place = locality === undefined ? '' : `, locality: ${locality}`;
    return `  - {address: 127.0.0.1, ports: {${all}}, labels: {version: ${version}}${place}}`;
  });
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name.includes('.') ? name : `${name}.default.svc.cluster.local`}]
  ports: [${named.join(', ')}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints:
${rows.join('\n')}
${extra}---`;
}

export function subsets(host: string, names: readonly string[], policy = ''): string {
  const rows = names.map((name) => `  - {name: ${name}, labels: {version: ${name}}}`);
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host}}
spec:
  host: ${host}
${policy === '' ? '' : `  trafficPolicy: ${policy}\n`}  subsets:
${rows.join('\n')}
---`;
}

export function virtualService(host: string, http: string, extra = ''): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host.replace(/[^a-z0-9]/g, '-')}}
spec:
  hosts: ["${host}"]
${extra}  http:
${http.trim().replace(/^/gm, '  ')}
---`;
}

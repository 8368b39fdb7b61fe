import type { TlsIdentity } from '#common/identity';
import type { RunningEnvoy } from '#common/testing';
import { freePort } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Answer } from './upstream.js';
import { viaProxy } from './upstream.js';

/** A real Envoy beside a client that sends everything through its HTTP proxy. */
export interface ClientSidecar {
  readonly envoy: RunningEnvoy;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
}

export interface ClientOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly identity?: TlsIdentity;
}

export async function startClient(config: string, options: ClientOptions = {}): Promise<ClientSidecar> {
  const { labels = {}, identity = await anyIdentity() } = options;
  const port = await freePort();
  const envoy = await startSidecar({
    config,
    nodeId: 'sidecar~10.0.0.1~client.default~default.svc.cluster.local',
    metadata: { INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: String(port), LABELS: labels },
    identity,
  });
  return { envoy, get: (url, headers = {}) => viaProxy(port, url, { headers }) };
}

async function anyIdentity(): Promise<TlsIdentity> {
  return (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client');
}

/** An endpoint as a ServiceEntry writes it, in YAML. */
export type EndpointText = string;

export interface ServiceText {
  readonly host: string;
  readonly endpoints: readonly EndpointText[];
  /** Members of the ServiceEntry besides, in YAML. */
  readonly more?: string;
  /** Members of a DestinationRule for it, in YAML: none without. */
  readonly rule?: string;
}

/** A service on port 80 with a rule, as YAML documents. */
export function serviceWithRule({ host, endpoints, more = '', rule }: ServiceText): string {
  const name = host.replaceAll('.', '-');
  const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec: {hosts: [${host}], ports: [{number: 80, name: http}], resolution: STATIC, endpoints: [${endpoints.join(', ')}]${more && `, ${more}`}}
`;
  const destinationRule = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${host}, ${rule}}
`;
  return rule === undefined ? entry : entry + destinationRule;
}

export function mesh(...services: readonly ServiceText[]): string {
  return services.map(serviceWithRule).join('---\n');
}

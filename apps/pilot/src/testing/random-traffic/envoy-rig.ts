import { Agent, request as send } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '#common/proto/json';
import { startEnvoy } from '#common/testing';
import type { Translation } from '../../translate.js';
import type { TestRequest } from '../oracle/expected.js';
import { inlined } from '../static-bootstrap.js';
import type { Hit } from './echo-servers.js';
import { ID_HEADER } from './echo-servers.js';

/** What a client got. */
export interface Observed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the server that answered was asked; undefined where none did. */
  readonly served: Hit | undefined;
  readonly milliseconds: number;
}

export interface EnvoyRig {
  call(id: string, request: TestRequest): Promise<Observed>;
  close(): void;
}

/**
 * One Envoy with what a sidecar gets. Its outbound listeners take connections by themselves: the address that a
 * connection had before interception decides nothing where all services share a listener.
 */
export async function startEnvoyRig(translation: Translation): Promise<EnvoyRig> {
  const { listeners, clusters } = inlined(translation);
  const outbound = listeners.filter(({ name }) => /^0\.0\.0\.0_(80|8080)$/.test(String(name)));
  const bootstrap = {
    node: { id: 'test', cluster: 'test' },
    static_resources: { listeners: outbound.map(bound), clusters: clusters.map(plaintext) },
  };
  // Envoy warns of each field that it will drop some day, once for each of thousands of routes.
  const envoy = await startEnvoy(bootstrap, { logLevel: 'error' });
  const addresses = await envoy.listeners();
  const portOf = (name: string): number => Number(addresses.get(name)?.split(':').at(-1));
  const ports: ReadonlyMap<number, number> = new Map(
    [80, 8080].map((port) => [port, portOf(`0.0.0.0_${port}`)]),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return {
    call: (id, request) => exchange(agent, ports.get(request.port) ?? 0, id, request),
    close: () => agent.destroy(),
  };
}

function bound(listener: JsonObject): JsonObject {
  const { bind_to_port: _, ...rest } = listener;
  return { ...rest, address: { socket_address: { address: '127.0.0.1', port_value: 0 } } };
}

/** No endpoint of these tests speaks TLS, so none matches; thousands of unused TLS contexts would wait for secrets. */
function plaintext({ transport_socket_matches: _, ...cluster }: JsonObject): JsonObject {
  return cluster;
}

function exchange(agent: Agent, port: number, id: string, request: TestRequest): Promise<Observed> {
  const { method, path, authority, headers } = request;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const all = { ...headers, host: authority, [ID_HEADER]: id };
    const call = send({ agent, port, host: '127.0.0.1', method, path, headers: all }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response;
        const served = body.startsWith('{"endpoint"') ? (JSON.parse(body) as Hit) : undefined;
        resolve({ status, headers, body, served, milliseconds: performance.now() - start });
      });
    });
    call.on('error', reject);
    call.end();
  });
}

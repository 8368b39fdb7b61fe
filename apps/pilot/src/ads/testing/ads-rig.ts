import { createServer, request, Agent, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { GrpcEndpoint, type GrpcTls } from '#common/grpc';
import { createLogger } from '#common/logger';
import { startEnvoy, type BootstrapJson, type RunningEnvoy } from '#common/testing';
import { PushEngine } from '../../push/engine.js';
import { toyGenerators, ToyWorld } from '../../push/testing/toy-world.js';
import { AdsService, type AdsOptions } from '../ads-service.js';
import { PilotMetrics } from '../metrics.js';
import type { Edits } from './envoy-resources.js';

/** An ADS server over a toy world, on one port; start another on the same port to play a restart. */
export class AdsRig {
  readonly registry = new Registry();
  readonly engine = new PushEngine(toyGenerators(), {
    warmingTimeoutMs: 5_000,
    maxNames: 100_000,
    maxTypes: 16,
  });
  readonly service: AdsService;
  private readonly endpoint: GrpcEndpoint;
  private world = ToyWorld.empty();

  constructor(bind = '127.0.0.1:0', overrides: Partial<AdsOptions> = {}, tls?: GrpcTls) {
    this.service = new AdsService({
      engine: this.engine,
      metrics: new PilotMetrics(this.registry),
      logger: createLogger('pilot', 'fatal'),
      trustDomain: 'cluster.local',
      maxStreams: 1_000,
      maxNewcomers: 16,
      maxAgeMs: 3_600_000,
      stallTimeoutMs: 30_000,
      now: Date.now,
      ...overrides,
    });
    const services = [this.service.service(tls ? 'tls' : 'plaintext')];
    this.endpoint = new GrpcEndpoint({ bind, services, shutdownGraceMs: 100, ...(tls && { tls }) });
  }

  listen(): Promise<string> {
    return this.endpoint.listen();
  }

  get address(): string {
    return this.endpoint.address;
  }

  async close(): Promise<void> {
    this.service.close();
    await this.endpoint.close();
  }

  edit(edits: Edits): void {
    const { world, changed } = this.world.with(edits);
    this.world = world;
    const now = Date.now();
    this.service.follow(this.engine.update({ world, changed, committedAt: now, receivedAt: now }));
  }

  /** All proxies hold the newest revision. */
  get settled(): boolean {
    const connections = [...this.engine.connections];
    return (
      connections.length > 0 && connections.every(({ revisionHeld }) => revisionHeld === this.engine.revision)
    );
  }

  /** Responses sent so far, by short type; `bytes` over all. */
  async sent(): Promise<Record<string, number>> {
    const metrics = await this.registry.getMetricsAsJSON();
    const values = (name: string) => metrics.find((metric) => metric.name === name)?.values ?? [];
    const pushes = values('pilot_xds_pushes').map(({ labels, value }) => [labels['type'], value]);
    const bytes = values('pilot_xds_bytes').reduce((sum, { value }) => sum + value, 0);
    return { ...(Object.fromEntries(pushes) as Record<string, number>), bytes };
  }
}

/** A real Envoy that takes everything from ADS at `address`. */
export function startProxy(
  address: string,
  kind: 'delta' | 'sotw',
  id = 'a',
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<RunningEnvoy> {
  const node = {
    id: `sidecar~127.0.0.1~${id}.default~default.svc.cluster.local`,
    metadata: { NAMESPACE: 'default', QUARTET_VHDS: true, ...metadata },
  };
  return startEnvoy(adsBootstrap(address, kind, node));
}

/** Reconnects within half a second: who waits for it is a test. */
const RETRIES = { retry_back_off: { base_interval: '0.05s', max_interval: '0.5s' } };

/** The bootstrap of an Envoy that takes everything from ADS at `address`. */
export function adsBootstrap(
  address: string,
  kind: 'delta' | 'sotw',
  node: { readonly id: string; readonly metadata: Readonly<Record<string, unknown>> },
): BootstrapJson {
  const [host, port] = address.split(':');
  const ads = { ads: {}, resource_api_version: 'V3' };
  const xds = http2Cluster('xds-grpc', { socket_address: { address: host, port_value: Number(port) } });
  return {
    node: { cluster: node.id.split('~')[2], ...node },
    dynamic_resources: {
      ads_config: {
        api_type: kind === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc', retry_policy: RETRIES } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [xds] },
  };
}

function http2Cluster(name: string, address: object): object {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const http2 = { explicit_http_config: { http2_protocol_options: {} } };
  return {
    name,
    type: 'STATIC',
    typed_extension_protocol_options: { [options]: { '@type': `type.googleapis.com/${options}`, ...http2 } },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

/** An HTTP server that says its name. */
export async function startUpstream(name: string): Promise<{ port: number; server: Server }> {
  // A server that closes idle connections closes some at the very moment when Envoy sends a request over them.
  const server = createServer({ keepAliveTimeout: 0 }, (_, response) => response.end(name));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return { port: (server.address() as AddressInfo).port, server };
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

const loads = new Set<{ running: boolean }>();

/** Ends what a test that failed has left running, and the connections that clients kept open. */
export function closeClients(): void {
  for (const load of loads) load.running = false;
  agent.destroy();
}

/** The answer of `host` through a proxy: `<status> <body>`, or the error's code. */
export function ask(port: number, host: string, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', path, headers: { host }, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.end();
  });
}

/** Constant load on one host until `stop`, which returns how many answers of each kind there were. */
export function startLoad(
  port: number,
  host: string,
  path?: string,
): { readonly answers: ReadonlyMap<string, number>; stop(): Promise<Map<string, number>> } {
  const answers = new Map<string, number>();
  const load = { running: true };
  loads.add(load);
  const worker = async () => {
    while (load.running) {
      const answer = await ask(port, host, path);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  const workers = Array.from({ length: 4 }, worker);
  return {
    answers,
    async stop() {
      load.running = false;
      loads.delete(load);
      await Promise.all(workers);
      return answers;
    },
  };
}

import { Registry } from 'prom-client';
import type { ConfigChange } from '#common/config-log';
import { GrpcEndpoint } from '#common/grpc';
import type { IdentitySource } from '#common/identity';
import { createLogger } from '#common/service';
import type { Logger } from '#common/service';
import type { AdapterEnvironment } from '../adapters/index.js';
import { ConfigMetrics } from '../ingest/config-metrics.js';
import { RuntimeHolder } from '../ingest/runtime-holder.js';
import { accessLogService } from '../serve/access-logs.js';
import { adapterEnvironment } from '../serve/adapter-environment.js';
import { authorizationService } from '../serve/authorization.js';
import { DispatchMetrics } from '../serve/dispatch-metrics.js';

/** A Mixer without NestJS and NATS: its servers on a free port, its config given by hand. */
export interface TestMixer {
  /** HOST:PORT */
  readonly address: string;
  readonly runtimes: RuntimeHolder;
  /** The lines that stdio handlers wrote. */
  readonly lines: string[];
  /** The page of the mesh's metrics. */
  metrics(): string;
  /** Mixer's metrics about itself. */
  ownMetrics(): Promise<string>;
  close(): Promise<void>;
}

export async function startMixer(
  config: ConfigChange | undefined,
  identity?: IdentitySource,
): Promise<TestMixer> {
  const log: Logger = createLogger('mixer', 'error');
  const registry = new Registry();
  const lines: string[] = [];
  const writeLine: AdapterEnvironment['writeLine'] = (_target, line) => void lines.push(line);
  const environment = { ...adapterEnvironment(log), writeLine };
  const runtimes = new RuntimeHolder({ environment, log, metrics: new ConfigMetrics(registry) });
  const observer = new DispatchMetrics(registry, log);
  const runtime = () => runtimes.current() ?? runtimes.whenReady();
  if (config) runtimes.update(config);
  const endpoint = new GrpcEndpoint({
    bind: '127.0.0.1:0',
    onUnexpectedError: (path, error) => log.error({ err: error }, path),
    services: [
      authorizationService(() => runtimes.current(), observer),
      accessLogService({ runtime, observer, mutualTls: identity !== undefined }),
    ],
    ...(identity ? { tls: { identity, clientCertificates: 'required' as const } } : {}),
  });
  const address = await endpoint.listen();
  return {
    ...{ address, runtimes, lines },
    metrics: () => environment.metrics.render(Date.now()),
    ownMetrics: () => registry.metrics(),
    close: async () => {
      await endpoint.close();
      runtimes.close();
    },
  };
}

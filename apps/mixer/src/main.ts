import { GrpcServer } from '#common/grpc-nest';
import { natsMicroservice } from '#common/nats-nest';
import { createLogger, exitOnFailure, prepareState, runService } from '#common/service';
import { readConfig } from './mixer.config.js';
import { MixerModule } from './mixer.module.js';
import { MetricsPage } from './serve/metrics-page.js';

exitOnFailure('mixer', async () => {
  const config = readConfig(process.argv.slice(2), process.env);
  const logger = createLogger('mixer', config.logLevel);
  prepareState(config.state);
  await runService({
    name: 'mixer',
    logger,
    module: MixerModule.with(config, logger),
    http: config.http,
    debugTokenFile: config.debugTokenFile,
    microservices: (app) => [
      { strategy: app.get(GrpcServer) },
      natsMicroservice({ ...config.nats, name: 'mixer', queue: 'mixer', log: logger }),
    ],
    addresses: (app) => ({ grpc: app.get(GrpcServer).address, metrics: app.get(MetricsPage).address }),
  });
});

import { GrpcServer } from '#common/grpc-nest';
import { natsMicroservice } from '#common/nats-nest';
import { createLogger, exitOnFailure, prepareState, runService, Waiting } from '#common/service';
import { readConfig } from './citadel.config.js';
import { CitadelModule } from './citadel.module.js';

exitOnFailure('citadel', async () => {
  const config = readConfig(process.argv.slice(2), process.env);
  const logger = createLogger('citadel', config.logLevel);
  prepareState(config.state);
  const waiting = new Waiting(config.http, "the cluster's root");
  const module = await CitadelModule.with(config, logger, (detail) => waiting.say(detail));
  await waiting.end();
  await runService({
    name: 'citadel',
    logger,
    module,
    http: config.http,
    debugTokenFile: config.debugTokenFile,
    microservices: (app) => [
      { strategy: app.get(GrpcServer) },
      natsMicroservice({ ...config.nats, name: 'citadel', queue: 'citadel', log: logger }),
    ],
    addresses: (app) => ({ grpc: app.get(GrpcServer).address }),
  });
});

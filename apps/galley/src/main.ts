import { natsMicroservice } from '#common/nats-nest';
import { createLogger, exitOnFailure, runService } from '#common/service';
import { readGalleyConfig } from './galley.config.js';
import { GalleyModule } from './galley.module.js';

exitOnFailure('galley', async () => {
  const config = readGalleyConfig(process.argv.slice(2), process.env);
  const logger = createLogger('galley', config.logLevel);
  await runService({
    name: 'galley',
    logger,
    module: GalleyModule.with(config, logger),
    http: config.http,
    debugTokenFile: config.debugTokenFile,
    microservices: () => [natsMicroservice({ ...config.nats, name: 'galley', queue: 'galley', log: logger })],
  });
});

import type { INestApplication } from '@nestjs/common';
import type { GrpcServer } from '#common/grpc-nest';
import { natsMicroservice } from '#common/nats-nest';
import { createLogger, exitOnFailure, prepareState, runService } from '#common/service';
import { readConfig } from './pilot.config.js';
import { PilotModule, XDS_PLAINTEXT, XDS_TLS } from './pilot.module.js';

exitOnFailure('pilot', async () => {
  const config = readConfig(process.argv.slice(2), process.env);
  const logger = createLogger('pilot', config.logLevel);
  prepareState(config.state);
  await runService({
    name: 'pilot',
    logger,
    module: PilotModule.with(config, logger),
    http: config.http,
    debugTokenFile: config.debugTokenFile,
    microservices: (app) => [
      ...Object.values(servers(app)).map((strategy) => ({ strategy })),
      // No queue: every replica answers for its own proxies.
      natsMicroservice({ ...config.nats, name: 'pilot', log: logger }),
    ],
    addresses: (app) =>
      Object.fromEntries(Object.entries(servers(app)).map(([name, { address }]) => [name, address])),
  });
});

/** The xDS servers by the names under which their addresses are announced. */
function servers(app: INestApplication): Record<string, GrpcServer> {
  const [xds, xdsTls] = [XDS_PLAINTEXT, XDS_TLS].map((token) => app.get<GrpcServer | undefined>(token));
  return { ...(xds && { xds }), ...(xdsTls && { xdsTls }) };
}

import type { Command } from 'commander';
import { defaultStateDir } from '../up/state.js';

interface TokenOptions {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly ttl: string;
  readonly uses: string;
  readonly state: string;
}

export function registerToken(program: Command): void {
  program
    .command('token')
    .description('join tokens for workloads outside a cluster')
    .command('create')
    .description('create a join token and print it, alone')
    .requiredOption('--namespace <ns>', 'namespace of the identity that the token stands for')
    .requiredOption('--service-account <sa>', 'service account of that identity')
    .option('--ttl <duration>', 'how long it may be used', '10m')
    .option('--uses <n>', 'how often it may be used', '1')
    .option('--state <dir>', 'state folder of the control plane', defaultStateDir())
    .action(async (options: TokenOptions) => {
      const { createToken } = await import('../citadel-client.js');
      const { recallControlPlane } = await import('../up/control-plane.js');
      const { stateLayout } = await import('../up/state.js');
      const { parseDuration } = await import('#common/flags');
      const { citadel } = recallControlPlane(options.state);
      if (!citadel) throw new Error('this control plane runs without Citadel');
      const uses = Number(options.uses);
      if (!Number.isInteger(uses) || uses < 1)
        throw new Error(`--uses: '${options.uses}' is not a positive number`);
      const token = await createToken(citadel.grpc, stateLayout(options.state), {
        namespace: options.namespace,
        serviceAccount: options.serviceAccount,
        ttlSeconds: Math.round(parseDuration(options.ttl) / 1000),
        uses,
      });
      process.stdout.write(`${token}\n`);
    });
}

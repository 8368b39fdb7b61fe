import type { Command } from 'commander';
import { VERSION } from '../version.js';

export function registerVersion(program: Command): void {
  program
    .command('version')
    .description('print the versions of Quartet and of the binaries it is tested with')
    .option('-o, --output <format>', "'text' or 'json'", 'text')
    .action(async ({ output }: { output: string }) => {
      const { PINS } = await import('#common/binaries');
      const versions = {
        quartet: VERSION,
        envoy: PINS.envoy.version,
        natsServer: PINS['nats-server'].version,
        node: process.versions.node,
      };
      if (output === 'json') process.stdout.write(`${JSON.stringify(versions)}\n`);
      else
        for (const [name, version] of Object.entries(versions)) process.stdout.write(`${name} ${version}\n`);
    });
}

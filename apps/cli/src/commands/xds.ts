import type { Command } from 'commander';

interface XdsOptions {
  readonly filename: string[];
  readonly proxy: string;
  readonly metadata?: string;
  readonly mixer?: string;
}

export function registerXds(program: Command): void {
  program
    .command('xds')
    .description('print the listeners, routes, clusters and endpoints that a proxy would get')
    .requiredOption('-f, --filename <paths...>', 'files or folders of config')
    .requiredOption('--proxy <node-id>', 'node id: sidecar~10.0.0.1~app.default~default.svc.cluster.local')
    .option('--metadata <json>', 'node metadata, as JSON')
    .option('--mixer <address>', "Mixer's address, as Pilot's flag of this name")
    .option('-o, --output <format>', "only 'json'", 'json')
    .action(async (options: XdsOptions) => {
      const { printXds } = await import('../offline/xds.js');
      process.exitCode = await printXds(options);
    });
}

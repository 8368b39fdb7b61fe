import { Argument, Option, type Command } from 'commander';
import { defaultStateDir } from '../up/state.js';

interface Options {
  readonly filename?: string;
  readonly admin?: string;
  readonly pilot?: string;
  readonly debugTokenFile?: string;
  readonly state: string;
  readonly output: 'short' | 'json' | 'yaml';
  readonly name?: string;
  readonly port?: string;
  readonly fqdn?: string;
  readonly subset?: string;
  readonly direction?: string;
  readonly address?: string;
}

const TYPES = ['listener', 'route', 'cluster', 'endpoint', 'secret', 'bootstrap'];

export function registerProxyConfig(program: Command): void {
  program
    .command('proxy-config')
    .alias('pc')
    .description("show what a proxy holds, as Pilot sent it or (--admin, -f) as Envoy's own dump has it")
    .addArgument(new Argument('<type>', 'what to show').choices(TYPES))
    .argument('[proxy]', 'node id, or <pod>.<namespace>')
    .option('--admin <address>', "Envoy's admin interface, HOST:PORT")
    .option('-f, --filename <file>', "a saved /config_dump, '-' for standard input")
    .option('--pilot <address>', "Pilot's debug port, where it is not that of the state folder")
    .option('--debug-token-file <file>', "file with the token for Pilot's debug pages")
    .option('--state <dir>', 'state folder of the control plane', defaultStateDir())
    .option('--name <name>', 'only this name')
    .option('--port <port>', 'only this port')
    .option('--fqdn <host>', 'only clusters and endpoints of hosts with this in their name')
    .option('--subset <name>', 'only this subset')
    .option('--direction <direction>', "only 'inbound' or 'outbound' clusters")
    .option('--address <address>', 'only listeners and endpoints at this address')
    .addOption(new Option('-o, --output <format>').choices(['short', 'json', 'yaml']).default('short'))
    .action(async (type: string, proxy: string | undefined, options: Options) => {
      const { proxyConfig } = await import('../proxy-config/proxy-config.js');
      const { filename: file, admin, pilot, debugTokenFile: tokenFile, state, output, ...filter } = options;
      process.exitCode = await proxyConfig({
        ...{ file, admin, proxy, pilot, tokenFile, state, output, filter },
        type: type as Parameters<typeof proxyConfig>[0]['type'],
      });
    });
}

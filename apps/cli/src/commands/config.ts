import type { Command } from 'commander';
import { defaultStateDir } from '../up/state.js';

interface Options {
  readonly namespace?: string;
  readonly state: string;
  readonly output: string;
}

export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description(
      'the mesh config of a running control plane, from files and clusters, and what became of it',
    );
  config
    .command('get')
    .description('list resources: whether each is accepted, where it stands, how many proxies hold it')
    .argument('[kind]', 'only this kind: its name, its plural or its short name')
    .argument('[name]', 'only resources of this name')
    .option('-n, --namespace <namespace>', 'only this namespace')
    .option('--state <dir>', 'state folder of the control plane', defaultStateDir())
    .option('-o, --output <format>', "'table' or 'json'", 'table')
    .action(async (kind: string | undefined, name: string | undefined, options: Options) => {
      const { getConfig } = await import('../config/get.js');
      process.exitCode = await getConfig({ kind, name, ...options, json: options.output === 'json' });
    });
  config
    .command('describe')
    .description('tell all of a resource: its sources, what is wrong with it, and which proxies hold it')
    .argument('<kind>', 'its kind: name, plural or short name')
    .argument('<name>', 'its name')
    .option('-n, --namespace <namespace>', 'its namespace', 'default')
    .option('--state <dir>', 'state folder of the control plane', defaultStateDir())
    .option('-o, --output <format>', "'text' or 'json'", 'text')
    .action(async (kind: string, name: string, options: Options) => {
      const { describeConfig } = await import('../config/describe.js');
      const { namespace = 'default', state, output } = options;
      process.exitCode = await describeConfig({ kind, name, namespace, state, json: output === 'json' });
    });
}

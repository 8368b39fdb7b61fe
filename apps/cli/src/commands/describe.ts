import type { Command } from 'commander';

interface Options {
  readonly filename: string[];
  readonly namespace?: string;
  readonly output: string;
}

export function registerDescribe(program: Command): void {
  program
    .command('describe')
    .description(
      "tell of each rule whether the caller's or the callee's proxy, a gateway or Mixer enforces it",
    )
    .argument('[kind]', 'only resources of this kind')
    .argument('[name]', 'only the resource of this name')
    .requiredOption('-f, --filename <paths...>', "files or folders of config, '-' for standard input")
    .option('-n, --namespace <namespace>', 'only resources of this namespace')
    .option('-o, --output <format>', "'text' or 'json'", 'text')
    .action(async (kind: string | undefined, name: string | undefined, options: Options) => {
      const { describeResources } = await import('../offline/describe.js');
      const { filename, namespace, output } = options;
      process.exitCode = await describeResources(filename, {
        kind,
        name,
        namespace,
        json: output === 'json',
      });
    });
}

import { InvalidArgumentError, type Command } from 'commander';
import { defaultStateDir } from '../up/state.js';

export function registerTraceChange(program: Command): void {
  program
    .command('trace-change')
    .description('show which proxies hold a revision of the config, and how long each step took')
    .argument('[revision]', 'by default the newest that each Pilot has', readRevision)
    .option('--state <dir>', 'state folder of the control plane', defaultStateDir())
    .option('-o, --output <format>', "'table' or 'json'", 'table')
    .action(async (revision: number | undefined, options: { state: string; output: string }) => {
      const { traceChange } = await import('../trace-change/trace-change.js');
      process.exitCode = await traceChange(options.state, revision, options.output === 'json');
    });
}

function readRevision(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a revision is a number.');
  return Number(text);
}

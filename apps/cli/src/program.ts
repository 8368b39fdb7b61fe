import { Command, CommanderError } from 'commander';
import { FlagError } from '#common/flags';
import { COMMANDS } from './commands/index.js';
import { VERSION } from './version.js';

/** Parses the command line and runs the command; the exit code. */
export async function runProgram(): Promise<number> {
  // `quartet xds ... | head` closes the pipe early: that is no failure of ours.
  process.stdout.on('error', () => process.exit(0));
  const program = new Command('quartet')
    .description('An Istio control plane on unmodified Envoys, with or without a cluster')
    .version(VERSION, '-v, --version')
    .exitOverride();
  for (const register of COMMANDS) register(program);
  try {
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`quartet: ${(error as Error).message}\n`);
    return error instanceof FlagError ? 2 : 1;
  }
}

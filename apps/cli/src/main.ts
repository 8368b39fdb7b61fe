#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands/index.js';
import { VERSION } from './version.js';

/**
 * The command line of Quartet. Exit codes: 0 clean, 1 findings or failure, 2 usage. Each command is loaded only when
 * it is called, so that the agent, which is one of them, starts fast and stays small.
 */
const program = new Command('quartet')
  .description('An Istio control plane on unmodified Envoys, with or without a cluster')
  .version(VERSION, '-v, --version')
  .exitOverride();

for (const register of COMMANDS) register(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) process.stderr.write(`quartet: ${(error as Error).message}\n`);
  const shown = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = shown ? 0 : error instanceof CommanderError ? 2 : 1;
}

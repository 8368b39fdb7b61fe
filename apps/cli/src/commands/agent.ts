import type { Command } from 'commander';

/** Listed here for `--help` alone: main.ts runs the agent before this parser is loaded. */
export function registerAgent(program: Command): void {
  program
    .command('agent [args...]')
    .description('stand beside one Envoy: identity, bootstrap, health, drain (quartet agent --help)');
}

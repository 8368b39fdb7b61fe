#!/usr/bin/env node
/**
 * The command line of Quartet. Exit codes: 0 clean, 1 findings or failure, 2 usage. Each command is loaded when it is
 * called. The agent, of which a host runs many, does not even load the parser of the others.
 */
const [command, ...rest] = process.argv.slice(2);
if (command === 'agent') {
  const { agentCommand } = await import('#app/agent');
  process.exit(await agentCommand(rest, process.env));
} else {
  const { runProgram } = await import('./program.js');
  process.exitCode = await runProgram();
}

import { FlagError } from '#common/flags';
import { agentUsage, parseAgentOptions } from './agent.config.js';
import { runAgent } from './agent.js';

export { agentUsage, parseAgentOptions, type AgentOptions } from './agent.config.js';
export { runAgent } from './agent.js';
export { bootstrapOf, type BootstrapInputs } from './bootstrap/bootstrap.js';
export { nodeId, nodeOf, type NodeIdentity } from './bootstrap/node.js';

/**
 * `quartet agent ARGV`: runs an agent and resolves with the exit code, 2 for a command line that cannot be
 * understood and 1 for an agent that cannot start.
 */
export async function agentCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (argv.includes('--help') && !argv.slice(0, argv.indexOf('--help')).includes('--')) {
    process.stdout.write(`${agentUsage()}\n`);
    return 0;
  }
  try {
    return await runAgent(parseAgentOptions(argv, env));
  } catch (error) {
    const usage = error instanceof FlagError;
    const lines = usage ? error.problems : [(error as Error).message];
    for (const line of lines) process.stderr.write(`quartet agent: ${line}\n`);
    return usage ? 2 : 1;
  }
}

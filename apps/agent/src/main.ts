import { agentCommand } from './core.js';

// What is still open, such as the IPC channel of a parent, must not keep an agent alive that has ended.
process.exit(await agentCommand(process.argv.slice(2), process.env));

import type { Command } from 'commander';
import { defaultStateDir } from '../up/state.js';

export function registerProxyStatus(program: Command): void {
  program
    .command('proxy-status')
    .alias('ps')
    .description('ask every Pilot what its proxies hold: SYNCED, STALE, NOT SENT or NACK, by type')
    .option('--state <dir>', 'state folder of the control plane', defaultStateDir())
    .option('-o, --output <format>', "'table' or 'json'", 'table')
    .action(async (options: { state: string; output: string }) => {
      const { proxyStatus } = await import('../proxy-status/proxy-status.js');
      process.exitCode = await proxyStatus(options.state, options.output === 'json');
    });
}

import type { Command } from 'commander';
import { defaultStateDir } from '../up/state.js';
import type { UpOptions } from '../up/up.js';

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('run the whole control plane on this host until it is stopped')
    .option('--config <dir>', 'folder of YAML files to serve')
    .option('--kubeconfig <file>', 'serve config and services of this cluster; the folder goes before it')
    .option('--secrets <dir>', 'folder with the secrets of gateways: NAMESPACE/NAME/tls.crt, tls.key, ca.crt')
    .option(
      '--secret-namespaces <names>',
      "namespaces of the cluster whose gateways get Secrets; '*' for all",
    )
    .option('--write-status', "write what becomes of the cluster's config into its status")
    .option(
      '--webhook-url <url>',
      "have the cluster's API server ask Galley under this address, https://HOST:PORT, before it stores config",
    )
    .option('--state <dir>', 'folder for keys, last good states and JetStream', defaultStateDir())
    .option('--ports <which>', "'istio' for Istio's own ports, 'free' for free ones", 'istio')
    .option('--only <services>', 'comma-separated: galley,pilot,citadel,mixer')
    .option('--workload-ttl <duration>', 'lifetime of workload certificates', '24h')
    .option('--log-level <level>', 'level of the services', 'warn')
    .option('--json', 'print one JSON line when ready and one per restart')
    .action(async (options: UpOptions) => {
      const { up } = await import('../up/up.js');
      process.exitCode = await up(options);
    });
}

import type { Command } from 'commander';

export function registerManifest(program: Command): void {
  program
    .command('manifest')
    .description('manifests of an installation in Kubernetes')
    .command('generate')
    .description("print manifests for 'kubectl apply --server-side -f -'")
    .option(
      '--component <names...>',
      "'base': the definitions of all kinds; 'pilot', 'citadel', 'galley': service accounts with what they may do",
      ['base'],
    )
    .option(
      '--secret-namespaces <names...>',
      "let Pilot read the Secrets of the gateways in these namespaces as well; '*' for all",
      [],
    )
    .action(async (options: { component: string[]; secretNamespaces: string[] }) => {
      const { generateManifests } = await import('../manifest/generate.js');
      process.stdout.write(generateManifests(options.component, options.secretNamespaces));
    });
}

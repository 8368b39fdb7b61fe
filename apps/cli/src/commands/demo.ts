import type { Command } from 'commander';

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('run Bookinfo in a mesh on this host, until Ctrl-C')
    .option('--tour', 'unattended: prove what the mesh does, a line a step, exit code 0 or 1')
    .option('--without-mesh', 'the same application bare, for comparison')
    .action(async (options: { tour?: boolean; withoutMesh?: boolean }) => {
      const { runDemo } = await import('../demo/index.js');
      const code = await runDemo({ tour: options.tour ?? false, withoutMesh: options.withoutMesh ?? false });
      // Steps that were given up, by Ctrl-C or for their time, would go on otherwise, in a mesh that is gone.
      process.exit(code);
    });
}

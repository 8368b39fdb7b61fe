import type { Command } from 'commander';

export function registerValidate(program: Command): void {
  for (const [name, description] of [
    ['validate', 'check files as Galley would; exit code 1 where it finds something'],
    ['analyze', 'check files, references between resources included'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .requiredOption('-f, --filename <paths...>', "files or folders of config, '-' for standard input")
      .option('-o, --output <format>', "'text' or 'json'", 'text')
      .action(async (options: { filename: string[]; output: string }) => {
        const { validate } = await import('../offline/validate.js');
        process.exitCode = await validate(options.filename, {
          json: options.output === 'json',
          analyze: name === 'analyze',
        });
      });
  }
}

import type { Command } from 'commander';

export function registerExpr(program: Command): void {
  program
    .command('expr <expression>')
    .description("evaluate an expression of Mixer's language")
    .requiredOption('--attributes <file>', 'JSON object of attributes, {"request.path": "/", ...}')
    .option('-o, --output <format>', "'text' or 'json'", 'text')
    .action(async (expression: string, options: { attributes: string; output: string }) => {
      const { readFile } = await import('node:fs/promises');
      const { evaluateExpression } = await import('#app/mixer');
      const attributes = JSON.parse(await readFile(options.attributes, 'utf8')) as Record<string, unknown>;
      const result = evaluateExpression(expression, attributes);
      const failed = 'error' in result;
      if (options.output === 'json') process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
      else if (failed) process.stderr.write(`quartet expr: ${result.error}\n`);
      else process.stdout.write(`${JSON.stringify(result.value)}\n`);
      process.exitCode = failed ? 1 : 0;
    });
}

import { parseArgs } from 'node:util';

/** One flag of a service: `--name VALUE`, or the environment variable QUARTET_NAME where the flag is absent. */
export interface Flag<T> {
  readonly parse: (text: string) => T;
  readonly default?: T;
  readonly help: string;
  /** Stands alone, without a value: `--name` is `--name true`. */
  readonly toggle?: true;
}

export type FlagSet = Readonly<Record<string, Flag<unknown>>>;
export type FlagValues<S extends FlagSet> = {
  readonly [K in keyof S]: S[K] extends Flag<infer T> ? T : never;
};

/** Every problem of a command line at once, so that an operator fixes them in one go. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Names are camelCase in code and kebab-case on the command line: `xdsTls` is `--xds-tls`. */
export function parseFlags<S extends FlagSet>(
  flags: S,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): FlagValues<S> {
  const problems: string[] = [];
  const given = readArguments(flags, argv, problems);
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const text = given[kebab(name)] ?? env[`QUARTET_${kebab(name).replaceAll('-', '_').toUpperCase()}`];
    if (text !== undefined) values[name] = parseOne(name, flag, text, problems);
    else if ('default' in flag) values[name] = flag.default;
    else problems.push(`--${kebab(name)} is required: ${flag.help}`);
  }
  if (problems.length > 0) throw new FlagError(problems);
  return values as FlagValues<S>;
}

function readArguments(flags: FlagSet, argv: readonly string[], problems: string[]): Record<string, string> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { toggle }]) => [
      kebab(name),
      { type: toggle ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected argument '${token.value}'`);
    if (token.kind !== 'option') continue;
    if (!(token.name in options)) problems.push(`unknown flag ${token.rawName}`);
    else if (options[token.name]?.type === 'boolean') given[token.name] = token.value ?? 'true';
    else if (token.value === undefined) problems.push(`${token.rawName} wants a value`);
    else given[token.name] = token.value;
  }
  return given;
}

function parseOne(name: string, flag: Flag<unknown>, text: string, problems: string[]): unknown {
  try {
    return flag.parse(text);
  } catch (error) {
    problems.push(`--${kebab(name)}: ${(error as Error).message}`);
    return undefined;
  }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

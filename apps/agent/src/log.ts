import type { IdentityLog } from '#common/identity';

/** The agent's log: JSON lines on stderr in the form of the services' (pino's), without the 8 MB that pino takes. */
export interface Log extends IdentityLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;
export type LogLevel = keyof typeof LEVELS;

/** Writes what is of `level` or above, each line with the fields of `bindings`. */
export function createLog(
  level: LogLevel,
  bindings: object,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Log {
  const at = (own: LogLevel) => (fields: object, msg: string) => {
    if (LEVELS[own] < LEVELS[level]) return;
    write(`${JSON.stringify({ level: LEVELS[own], time: Date.now(), ...bindings, ...fields, msg })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

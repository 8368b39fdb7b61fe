/** What the parts here need of a logger; pino's fits. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** For tools and tests that do not want to hear of it. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

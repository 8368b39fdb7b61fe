import { pino } from 'pino';
import type { LoggerService } from '@nestjs/common';

export type Logger = pino.Logger;

/** What never reaches a log line, wherever in a logged object it stands. */
const SECRETS = ['token', 'seed', 'privateKey', 'authorization', 'password', 'credential'];

/** Structured log of one process, JSON lines on stderr: stdout belongs to what a command prints. */
export function createLogger(name: string, level: string): Logger {
  const paths = SECRETS.flatMap((secret) => [secret, `*.${secret}`]);
  return pino(
    { name, level, redact: { paths, censor: '[redacted]' } },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Nest's own messages go to the same log; its start-up chatter is of interest to those who debug only. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}
  log(message: unknown, ...details: unknown[]): void {
    this.logger.debug({ details }, String(message));
  }
  error(message: unknown, ...details: unknown[]): void {
    this.logger.error({ details }, String(message));
  }
  warn(message: unknown, ...details: unknown[]): void {
    this.logger.warn({ details }, String(message));
  }
  debug(message: unknown, ...details: unknown[]): void {
    this.logger.debug({ details }, String(message));
  }
  verbose(message: unknown, ...details: unknown[]): void {
    this.logger.trace({ details }, String(message));
  }
}

import 'reflect-metadata';
import { mkdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy, MicroserviceOptions } from '@nestjs/microservices';
import { Module } from '@nestjs/common';
import { FlagError } from '../flags/index.js';
import { HealthModule } from './health.module.js';
import { NestLogger, type Logger } from '../logger/index.js';
import { Readiness } from './readiness.js';
import { formatAddress, type Address } from '../flags/index.js';
import { debugAccess } from './debug-access.js';

/** A service as its main.ts describes it. */
export interface ServiceDescription {
  readonly name: string;
  readonly logger: Logger;
  readonly module: Type | DynamicModule;
  /** Where /healthz, /readyz, /metrics and /debug are served. */
  readonly http: Address;
  /** File with the token that opens /debug to callers that are not on this host. */
  readonly debugTokenFile?: string | undefined;
  /** Further servers that Nest owns: gRPC strategies, the NATS transport. Asked for once the module is initialised. */
  readonly microservices?: (
    app: INestApplication,
  ) => readonly (MicroserviceOptions | { strategy: CustomTransportStrategy })[];
  /** Addresses to announce beside `http`, asked for when everything listens. */
  readonly addresses?: (app: INestApplication) => Readonly<Record<string, string>>;
}

/** SIGTERM ends a service in order within this time, else at once. */
const SHUTDOWN_LIMIT_MS = 9_000;
/** The same where the parent is gone: whoever was killed wants nothing left behind after 5 s. */
const ORPHAN_LIMIT_MS = 4_000;

@Module({})
class ServiceModule {
  static of(module: Type | DynamicModule, readiness: Readiness): DynamicModule {
    return { module: ServiceModule, imports: [HealthModule.with(readiness), module] };
  }
}

/**
 * Runs one service until SIGTERM or SIGINT, or until the process that started it with an IPC channel is gone. Nothing
 * listens before every module is initialised. A parent on an IPC channel is told `{type: 'ready', addresses}`.
 */
export async function runService(service: ServiceDescription): Promise<void> {
  const { logger } = service;
  guardProcess(logger);
  const readiness = new Readiness();
  const module = ServiceModule.of(service.module, readiness);
  const app = await NestFactory.create(module, { logger: new NestLogger(logger), abortOnError: false });
  endWith(app, logger);
  app.use('/debug', debugGuard(service.debugTokenFile));
  await app.init();
  for (const options of service.microservices?.(app) ?? [])
    app.connectMicroservice(options, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(service.http.port, service.http.host);
  await readiness.whenReady();
  const addresses = { http: httpAddress(app, service.http), ...service.addresses?.(app) };
  logger.info({ addresses }, `${service.name} is ready`);
  process.send?.({ type: 'ready', addresses });
}

/** Makes the folder of a service's state, readable by its owner only. */
export function prepareState(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** The last word of a service that cannot start: all problems of its flags, or the error; exit code 2 or 1. */
export function exitOnFailure(name: string, start: () => Promise<void>): void {
  start().catch((error: unknown) => {
    const usage = error instanceof FlagError;
    const text = usage ? error.problems.join('\n') : String((error as Error)?.stack ?? error);
    process.stderr.write(`${name}: ${text}\n`);
    process.exit(usage ? 2 : 1);
  });
}

/** The token is read anew for each request, so that it can be rotated. */
function debugGuard(tokenFile: string | undefined) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const { socket, headers } = request;
    const access = debugAccess({ remoteAddress: socket.remoteAddress, headers }, readToken(tokenFile));
    if (access.ok) return next();
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ statusCode: 403, message: access.reason }));
  };
}

/** An empty or unreadable file opens nothing. */
function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function httpAddress(app: INestApplication, http: Address): string {
  const bound = (app.getHttpServer() as { address(): AddressInfo }).address();
  return formatAddress({ host: http.host, port: bound.port });
}

function endWith(app: INestApplication, logger: Logger): void {
  let ending = false;
  const end = (why: string, limit: number) => {
    if (ending) return;
    ending = true;
    logger.info({ why }, 'ending');
    setTimeout(() => process.exit(1), limit).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'did not end in order');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => end('SIGTERM', SHUTDOWN_LIMIT_MS));
  process.once('SIGINT', () => end('SIGINT', SHUTDOWN_LIMIT_MS));
  // Whoever started us with an IPC channel and is gone, by SIGKILL too, takes us along.
  if (process.channel) process.once('disconnect', () => end('the parent process is gone', ORPHAN_LIMIT_MS));
}

/** A mistake in one request must not end the service for everybody: it is logged, loudly, and the process goes on. */
function guardProcess(logger: Logger): void {
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => logger.error({ err: error }, 'uncaught exception'));
}

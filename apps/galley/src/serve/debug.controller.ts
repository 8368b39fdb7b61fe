import { Controller, Get } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Diagnostic } from '#config';
import type { ConfigDescription, ConfigPage, ConfigQuery } from '../analyze/listing.js';
import { GalleyService } from './galley.service.js';
import type { SnapshotSummary } from './galley.service.js';

/** What Galley thinks of its config, for people (HTTP) and for the other services and the command line (NATS). */
@Controller()
export class DebugController {
  constructor(private readonly galley: GalleyService) {}

  @Get('debug/diagnostics')
  @MessagePattern('galley.diagnostics')
  diagnostics(): Diagnostic[] {
    return this.galley.diagnostics();
  }

  @Get('debug/snapshot')
  @MessagePattern('galley.snapshot')
  snapshot(): SnapshotSummary {
    return this.galley.snapshot();
  }

  /** A page of the config, with what became of each resource. */
  @MessagePattern('galley.config.list')
  list(@Payload() query: unknown): ConfigPage {
    return this.galley.list(readQuery(query));
  }

  @MessagePattern('galley.config.describe')
  describe(@Payload() question: unknown): ConfigDescription[] {
    const { key } = fields(question);
    return typeof key === 'string' ? this.galley.describe(key) : [];
  }
}

/** What has not the form of a query asks for everything. */
function readQuery(value: unknown): ConfigQuery {
  const given = fields(value);
  const texts = (['kind', 'namespace', 'name', 'after'] as const).flatMap((field) =>
    typeof given[field] === 'string' ? [[field, given[field]]] : [],
  );
  const limit = typeof given.limit === 'number' ? { limit: given.limit } : {};
  return { ...(Object.fromEntries(texts) as ConfigQuery), ...limit };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

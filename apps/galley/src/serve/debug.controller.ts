import { Controller, Get } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Diagnostic } from '#config';
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
}

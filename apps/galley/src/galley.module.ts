import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Logger } from '#common/service';
import type { GalleyConfig } from './galley.config.js';
import { DebugController } from './serve/debug.controller.js';
import { CONFIG, GalleyService, LOGGER } from './serve/galley.service.js';

@Module({})
export class GalleyModule {
  static with(config: GalleyConfig, logger: Logger): DynamicModule {
    return {
      module: GalleyModule,
      controllers: [DebugController],
      providers: [
        GalleyService,
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
      ],
    };
  }
}

import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Logger } from '#common/service';
import { TrustBundleModule, TrustBundleWatch } from '#common/trust-bundle';
import type { GalleyConfig } from './galley.config.js';
import { DebugController } from './serve/debug.controller.js';
import { CONFIG, GalleyService, LOGGER } from './serve/galley.service.js';

@Module({})
export class GalleyModule {
  static with(config: GalleyConfig, logger: Logger): DynamicModule {
    const bundle = new TrustBundleWatch({ nats: { ...config.nats, name: 'galley' }, log: logger });
    return {
      module: GalleyModule,
      imports: [TrustBundleModule.with(bundle)],
      controllers: [DebugController],
      providers: [
        GalleyService,
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: TrustBundleWatch, useValue: bundle },
      ],
    };
  }
}

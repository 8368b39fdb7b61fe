import { Controller, Get, Inject, Module, NotFoundException } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { TrustBundle } from './trust-bundle.js';
import { TrustBundleWatch } from './watch.js';

@Controller('debug')
class TrustBundleController {
  constructor(@Inject(TrustBundleWatch) private readonly watch: TrustBundleWatch) {}

  /** Whom this service trusts, as Citadel said last. */
  @Get('trust-bundle')
  trustBundle(): TrustBundle {
    const bundle = this.watch.current();
    if (!bundle) throw new NotFoundException('Citadel has not said yet whom to trust');
    return bundle;
  }
}

/** Has a service learn the trust bundle, for as long as it runs. */
@Module({})
export class TrustBundleModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@Inject(TrustBundleWatch) private readonly watch: TrustBundleWatch) {}

  static with(watch: TrustBundleWatch): DynamicModule {
    return {
      module: TrustBundleModule,
      controllers: [TrustBundleController],
      providers: [{ provide: TrustBundleWatch, useValue: watch }],
    };
  }

  onModuleInit(): void {
    this.watch.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.watch.stop();
  }
}

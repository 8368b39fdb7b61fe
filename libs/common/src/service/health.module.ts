import { Controller, Get, Header, HttpException, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';
import { Readiness } from './readiness.js';

/** `/healthz`: the process lives. `/readyz`: it can do its work, else 503 and what is missing. */
@Controller()
class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('healthz')
  healthz(): string {
    return 'ok';
  }

  @Get('readyz')
  readyz(): object {
    const report = this.readiness.report();
    if (!report.ready) throw new HttpException(report, 503);
    return report;
  }

  @Get('metrics')
  @Header('content-type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }
}

@Module({})
export class HealthModule {
  static with(readiness: Readiness): DynamicModule {
    collectDefaultMetrics();
    return {
      module: HealthModule,
      global: true,
      controllers: [HealthController],
      providers: [{ provide: Readiness, useValue: readiness }],
      exports: [Readiness],
    };
  }
}

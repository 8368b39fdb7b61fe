import { join } from 'node:path';
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { register } from 'prom-client';
import { citadelAuthority } from '#common/ca-client';
import { ConfigLogReader } from '#common/config-log';
import { formatAddress } from '#common/flags';
import type { GrpcService } from '#common/grpc';
import { GrpcServer } from '#common/grpc-nest';
import { formatSpiffeId, WorkloadIdentity } from '#common/identity';
import { TrustBundleModule, TrustBundleWatch, withTrustBundle } from '#common/trust-bundle';
import { connectNats } from '#common/nats';
import { prepareState, Readiness } from '#common/service';
import type { Logger } from '#common/service';
import { ConfigMetrics } from './ingest/config-metrics.js';
import { RuntimeHolder } from './ingest/runtime-holder.js';
import type { MixerConfig } from './mixer.config.js';
import { accessLogService } from './serve/access-logs.js';
import { adapterEnvironment } from './serve/adapter-environment.js';
import { authorizationService } from './serve/authorization.js';
import { DispatchMetrics } from './serve/dispatch-metrics.js';
import { MetricsPage } from './serve/metrics-page.js';
import { StatusController } from './serve/status.controller.js';

/** A batch of access logs is 16 KB, the node before the first some 60 KB; a check carries a request's headers. */
const LIMITS = { maxMessageBytes: 1024 * 1024, maxConcurrentStreams: 1024 };
const IDENTITY = { namespace: 'istio-system', serviceAccount: 'istio-mixer-service-account' };

const WORKLOAD_IDENTITY = Symbol('WorkloadIdentity');

/** The composition root: config log, runtime and servers. */
@Module({ controllers: [StatusController] })
export class MixerModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly readiness: Readiness,
    private readonly reader: ConfigLogReader,
    private readonly runtimes: RuntimeHolder,
    private readonly page: MetricsPage,
    @Inject(WORKLOAD_IDENTITY) private readonly identity: WorkloadIdentity | null,
  ) {}

  static with(config: MixerConfig, log: Logger): DynamicModule {
    const environment = adapterEnvironment(log);
    const runtimes = new RuntimeHolder({ environment, log, metrics: new ConfigMetrics(register) });
    const identity = workloadIdentity(config, log);
    const bundle = new TrustBundleWatch({ nats: { ...config.nats, name: 'mixer' }, log });
    const reader = new ConfigLogReader({
      connect: () => connectNats({ ...config.nats, name: 'mixer', log }),
      stateDir: prepareState(join(config.state, 'config-log')),
      log,
    });
    const services = grpcServices(config, runtimes, new DispatchMetrics(register, log));
    const trusted = identity && withTrustBundle(identity, bundle);
    const tls = trusted ? { tls: { identity: trusted, clientCertificates: 'required' as const } } : {};
    const bind = formatAddress(config.grpc);
    return {
      module: MixerModule,
      imports: [TrustBundleModule.with(bundle)],
      providers: [
        { provide: RuntimeHolder, useValue: runtimes },
        { provide: WORKLOAD_IDENTITY, useValue: identity ?? null },
        { provide: ConfigLogReader, useValue: reader },
        {
          provide: MetricsPage,
          useValue: new MetricsPage(config.metrics, environment.metrics, environment.now),
        },
        { provide: GrpcServer, useValue: new GrpcServer({ bind, services, limits: LIMITS, ...tls }) },
      ],
    };
  }

  async onModuleInit(): Promise<void> {
    this.readiness.expect('config', 'no config has been received');
    if (this.identity) this.readiness.expect('identity', 'Citadel has issued no certificate');
    void this.identity?.start().then(() => this.readiness.set('identity', true));
    void this.runtimes.whenReady().then(() => this.readiness.set('config', true));
    await this.page.listen();
    await this.reader.start((change) => this.runtimes.update(change));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.reader.stop();
    this.identity?.stop();
    await this.page.close();
    this.runtimes.close();
  }
}

function workloadIdentity({ identity, state }: MixerConfig, log: Logger): WorkloadIdentity | undefined {
  if (!identity) return undefined;
  const { citadel, rootFile, tokenFile, trustDomain } = identity;
  return new WorkloadIdentity({
    authority: citadelAuthority(formatAddress(citadel), trustDomain),
    spiffeId: formatSpiffeId({ trustDomain, ...IDENTITY }),
    rootFile,
    stateDir: prepareState(join(state, 'identity')),
    log,
    ...(tokenFile === undefined ? {} : { tokenFile }),
  });
}

function grpcServices(
  config: MixerConfig,
  runtimes: RuntimeHolder,
  observer: DispatchMetrics,
): GrpcService[] {
  const runtime = () => runtimes.current() ?? runtimes.whenReady();
  const mutualTls = config.identity !== undefined;
  return [
    config.roles.has('policy') ? [authorizationService(() => runtimes.current(), observer)] : [],
    config.roles.has('telemetry') ? [accessLogService({ runtime, observer, mutualTls })] : [],
  ].flat();
}

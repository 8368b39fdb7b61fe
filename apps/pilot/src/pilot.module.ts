import { join } from 'node:path';
import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { register } from 'prom-client';
import { citadelAuthority } from '#common/ca-client';
import { ConfigLogReader } from '#common/config-log';
import type { GrpcService } from '#common/grpc';
import { GrpcServer } from '#common/grpc-nest';
import { formatSpiffeId, WorkloadIdentity, type IdentitySource } from '#common/identity';
import { TrustBundleModule, TrustBundleWatch, withTrustBundle } from '#common/trust-bundle';
import type { Logger } from '#common/logger';
import { connectNats } from '#common/nats';
import { typeNameOf } from '#common/proto/json';
import { brokenRule } from '#common/proto/rules';
import { collectGarbage, Readiness } from '#common/service';
import { AdsService } from './ads/ads-service.js';
import type { Caller } from './ads/authorise.js';
import { bootstrapService } from './ads/bootstrap-service.js';
import { collectGauges } from './ads/gauges.js';
import { PilotMetrics } from './ads/metrics.js';
import { askedBy } from './debug/asked-secrets.js';
import { DebugController } from './debug/debug.controller.js';
import { PILOT_NAME } from './debug/names.js';
import { ProxiesController } from './debug/proxies.controller.js';
import { generators } from './generate/generators.js';
import { ConfigIngest } from './ingest/config-ingest.js';
import { KubernetesIngest } from './ingest/kubernetes/kubernetes-ingest.js';
import { FOLDER_SOURCE, FolderSecrets } from './ingest/secrets/folder-secrets.js';
import { KUBERNETES_SOURCE } from './ingest/secrets/kubernetes-secrets.js';
import { RemovalGuard } from './ingest/removal-guard.js';
import { WithdrawalStore } from './ingest/withdrawal-store.js';
import { ANY_NAMESPACE, type CredentialSource } from './model/credential.js';
import type { PilotConfig } from './pilot.config.js';
import { Pipeline } from './pipeline.js';
import { PushEngine } from './push/engine.js';
import { Withdrawals } from './push/withdrawal/withdrawals.js';
import { createWorld } from './world/world.js';

/** Proxies that get their first push at the same time; each costs up to one pending response per type. */
const MAX_NEWCOMERS = 16;
const SUBSCRIPTION_LIMITS = { maxNames: 100_000, maxTypes: 16 };
/** A reconnecting proxy names every resource that it holds, with its version. */
const GRPC_LIMITS = { maxMessageBytes: 16 << 20, maxConcurrentStreams: 16 };

/** Injection tokens. The servers are undefined where the config names no address for them. */
export const XDS_PLAINTEXT = Symbol('XdsPlaintext');
export const XDS_TLS = Symbol('XdsTls');
const LOGGER = Symbol('Logger');
const CONFIG = Symbol('PilotConfig');
const IDENTITY = Symbol('WorkloadIdentity');
const now = Date.now;

/** The composition root: the pipeline's stages, and the servers around it. */
@Module({ controllers: [DebugController, ProxiesController] })
export class PilotModule implements OnModuleInit, OnApplicationShutdown {
  private readonly ingest: ConfigIngest;

  constructor(
    @Inject(CONFIG) config: PilotConfig,
    @Inject(LOGGER) logger: Logger,
    @Inject(IDENTITY) private readonly identity: WorkloadIdentity | undefined,
    @Inject(PushEngine) private readonly engine: PushEngine,
    @Inject(WithdrawalStore) private readonly store: WithdrawalStore,
    @Inject(AdsService) private readonly ads: AdsService,
    @Inject(PilotMetrics) metrics: PilotMetrics,
    @Inject(Readiness) private readonly readiness: Readiness,
    @Inject(Pipeline) pipeline: Pipeline,
    @Inject(KubernetesIngest) private readonly kubernetes: KubernetesIngest | undefined,
    @Inject(RemovalGuard) private readonly guard: RemovalGuard,
    @Inject(FolderSecrets) private readonly secrets: FolderSecrets | undefined,
  ) {
    const reader = new ConfigLogReader({
      connect: () => connectNats({ ...config.nats, name: 'pilot', log: logger }),
      stateDir: join(config.state, 'config'),
      log: logger,
    });
    this.ingest = new ConfigIngest({ reader, pipeline, readiness, metrics, logger, now });
    collectGauges(register, engine, ads);
    ads.onSecretsAsked = (connection) => {
      const { proven } = connection.proxy;
      if (proven) kubernetes?.secretsAsked(proven);
      for (const asked of askedBy(connection, engine.world))
        if (asked.answer !== 'given') logger.warn(asked, 'a secret that a proxy asks for and does not get');
    };
  }

  static with(config: PilotConfig, logger: Logger): DynamicModule {
    const { warmingTimeout: warmingTimeoutMs, trustDomain, maxStreams } = config;
    const store = new WithdrawalStore(join(config.state, 'withdrawn'), logger);
    const withdrawals: Withdrawals = new Withdrawals((what) => store.changed(what, withdrawals));
    const engine = new PushEngine(
      generators,
      { ...SUBSCRIPTION_LIMITS, warmingTimeoutMs },
      withdrawals,
      (url, value) => brokenRule(typeNameOf(url), value),
    );
    const metrics = new PilotMetrics(register);
    const ads = new AdsService({
      ...{ engine, metrics, logger, trustDomain, maxStreams, now },
      maxNewcomers: MAX_NEWCOMERS,
      maxAgeMs: config.maxConnectionAge,
      stallTimeoutMs: config.sendTimeout,
      collectGarbage,
    });
    const pipeline = pipelineOf(config, engine, ads);
    const guard = new RemovalGuard({
      limits: config.removals,
      discover: (change) => void pipeline.discover(change, now()),
      ...{ metrics: register, logger, now },
    });
    const identity = workloadIdentity(config, logger);
    const bundle = new TrustBundleWatch({ nats: { ...config.nats, name: 'pilot' }, log: logger });
    const services = xdsServices(ads, engine, trustDomain);
    const values: [unknown, unknown][] = [
      [CONFIG, config],
      [LOGGER, logger],
      [IDENTITY, identity],
      [PILOT_NAME, config.podName],
      [PushEngine, engine],
      [WithdrawalStore, store],
      [PilotMetrics, metrics],
      [AdsService, ads],
      [Pipeline, pipeline],
      [RemovalGuard, guard],
      [FolderSecrets, folderSecrets(config, pipeline, logger)],
      [XDS_PLAINTEXT, config.xds && grpcServer(config.xds, services)],
      [
        XDS_TLS,
        config.xdsTls &&
          identity &&
          grpcServer(config.xdsTls.bind, services, withTrustBundle(identity, bundle)),
      ],
    ];
    const providers: Provider[] = values.map(([provide, useValue]) => ({
      provide: provide as symbol,
      useValue,
    }));
    providers.push({
      provide: KubernetesIngest,
      inject: [Readiness, RemovalGuard],
      useFactory: (readiness: Readiness, guard: RemovalGuard) =>
        kubernetesIngest(config, pipeline, guard, readiness, logger),
    });
    return { module: PilotModule, imports: [TrustBundleModule.with(bundle)], providers };
  }

  async onModuleInit(): Promise<void> {
    if (this.identity) {
      this.readiness.expect('identity', 'waiting for a certificate from Citadel');
      void this.identity.start().then(() => this.readiness.set('identity', true));
    }
    await this.store.load(this.engine.withdrawals);
    await this.secrets?.start();
    await this.kubernetes?.start();
    await this.ingest.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.identity?.stop();
    this.ads.close();
    await this.ingest.stop();
    this.secrets?.close();
    await this.kubernetes?.stop();
    this.guard.close();
    await this.store.flush();
  }
}

/** No proxy is told of a world before all have been heard that it is made from. */
function pipelineOf(config: PilotConfig, engine: PushEngine, ads: AdsService): Pipeline {
  const { mixer, trustDomain, switches, kubernetes } = config;
  const credentials = credentialSources(config);
  const world = createWorld({ trustDomain, switches, credentials, ...(mixer !== undefined && { mixer }) });
  const sources = ['config', ...(kubernetes ? [kubernetes.clusterId] : [])];
  return new Pipeline(world, engine, (consequence) => ads.follow(consequence), sources, now);
}

/** The folder goes before the cluster, as with config. */
function credentialSources({ secrets, kubernetes }: PilotConfig): CredentialSource[] {
  return [
    ...(secrets === undefined ? [] : [{ id: FOLDER_SOURCE, namespaces: [ANY_NAMESPACE] }]),
    ...(kubernetes
      ? [{ id: KUBERNETES_SOURCE, namespaces: kubernetes.secretNamespaces, reviews: true }]
      : []),
  ];
}

function folderSecrets({ secrets }: PilotConfig, pipeline: Pipeline, log: Logger): FolderSecrets | undefined {
  if (secrets === undefined) return undefined;
  return new FolderSecrets({ root: secrets, learn: (change) => pipeline.learn(change, now()), log });
}

function kubernetesIngest(
  { kubernetes, state }: PilotConfig,
  pipeline: Pipeline,
  guard: RemovalGuard,
  readiness: Readiness,
  log: Logger,
): KubernetesIngest | undefined {
  if (!kubernetes) return undefined;
  return new KubernetesIngest({
    ...kubernetes,
    stateDir: join(state, 'registries'),
    discover: (change) => guard.discover(change),
    learn: (change) => pipeline.learn(change, now()),
    ...{ readiness, metrics: register, log },
  });
}

function workloadIdentity(
  { xdsTls, state, trustDomain }: PilotConfig,
  log: Logger,
): WorkloadIdentity | undefined {
  if (!xdsTls) return undefined;
  const { citadel, root: rootFile, tokenFile } = xdsTls.identity;
  const serviceAccount = 'istio-pilot-service-account';
  return new WorkloadIdentity({
    authority: citadelAuthority(citadel, trustDomain),
    spiffeId: formatSpiffeId({ trustDomain, namespace: 'istio-system', serviceAccount }),
    stateDir: join(state, 'identity'),
    ...{ rootFile, tokenFile, log },
  });
}

type Services = (transport: Caller['transport']) => GrpcService[];

/** What proxies and their agents ask for on the ports of xDS. */
function xdsServices(ads: AdsService, engine: PushEngine, trustDomain: string): Services {
  const bootstraps = { world: () => engine.world, trustDomain };
  return (transport) => [ads.service(transport), bootstrapService(bootstraps, transport)];
}

function grpcServer(bind: string, services: Services, identity?: IdentitySource): GrpcServer {
  const tls = identity && { identity, clientCertificates: 'required' as const };
  return new GrpcServer({
    bind,
    services: services(identity ? 'tls' : 'plaintext'),
    limits: GRPC_LIMITS,
    ...(tls && { tls }),
  });
}

import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { citadelUri } from '#common/ca-client';
import { formatAddress } from '#common/flags';
import { GrpcServer } from '#common/grpc-nest';
import { KubeClient } from '#common/kube';
import type { Logger } from '#common/logger';
import { byClientCertificate } from './authenticate/client-certificate.js';
import { TokenReviews } from './authenticate/token-review.js';
import { JoinTokens } from './authenticate/join-tokens.js';
import { RateLimit } from './authorize/rate-limit.js';
import type { CitadelConfig } from './citadel.config.js';
import { RootConfigMaps } from './kubernetes/root-config-maps.js';
import { rootFromSecret } from './kubernetes/root-secret.js';
import { ServerIdentity } from './rotate/server-identity.js';
import { hasRoot, openState, type CitadelState } from './rotate/state.js';
import { certificateService } from './serve/certificate-service.js';
import { trackExpiry } from './serve/metrics.js';
import { tokenService } from './serve/token-service.js';
import type { TrustBundle } from '#common/trust-bundle';
import { TRUST_BUNDLE } from './serve/trust-bundle.js';
import { TrustBundleController } from './serve/trust-bundle.controller.js';

/** A request stays under 4 KB with any key that is accepted. */
const LIMITS = { maxMessageBytes: 64 * 1024, maxConcurrentStreams: 256 };
/** Per identity: all replicas of one may start at once; one that asks without end is slowed down. */
const ISSUANCE = { perSecond: 500, burst: 10_000 };
/** The host names under which Istio's own agents expect their certificate authority. */
const HOST_NAMES = ['istio-ca', 'istio-citadel', 'istio-citadel.istio-system.svc'];

const STATE = Symbol('CitadelState');
const now = Date.now;

/** The composition root: state, stages and servers. */
@Module({ controllers: [TrustBundleController] })
export class CitadelModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(STATE) private readonly state: CitadelState,
    private readonly serverIdentity: ServerIdentity,
    @Inject(RootConfigMaps) private readonly configMaps: RootConfigMaps | undefined,
  ) {}

  /** Rejects when the state folder cannot be used. */
  static async with(config: CitadelConfig, log: Logger): Promise<DynamicModule> {
    const client = config.cluster && new KubeClient(config.cluster);
    const state = await openState(
      config.state,
      config.trustDomain,
      now(),
      client && rootFromSecret({ client, log, hasOwn: hasRoot(config.state) }),
    );
    const names = [citadelUri(config.trustDomain), ...HOST_NAMES];
    const serverIdentity = new ServerIdentity({ issuer: state.issuer, names, ttl: config.serverTtl, now });
    const bundle: TrustBundle = { roots: state.issuer.roots, trustDomain: config.trustDomain };
    return {
      module: CitadelModule,
      providers: [
        { provide: STATE, useValue: state },
        { provide: ServerIdentity, useValue: serverIdentity },
        { provide: TRUST_BUNDLE, useValue: bundle },
        {
          provide: GrpcServer,
          useValue: grpcServer({ config, state, identity: serverIdentity, client, log }),
        },
        {
          provide: RootConfigMaps,
          useValue: client && new RootConfigMaps({ client, roots: state.issuer.roots, log }),
        },
      ],
    };
  }

  onModuleInit(): void {
    trackExpiry({
      root: () => this.state.issuer.notAfter,
      chain: () => this.serverIdentity.current().notAfter,
      now,
    });
    this.serverIdentity.start();
    this.configMaps?.start();
  }

  /** After the servers have closed: the last call may still use up a token. */
  async onApplicationShutdown(): Promise<void> {
    this.serverIdentity.stop();
    await this.configMaps?.close();
    await this.state.ledger.close();
  }
}

interface ServerParts {
  readonly config: CitadelConfig;
  readonly state: CitadelState;
  readonly identity: ServerIdentity;
  readonly client: KubeClient | undefined;
  readonly log: Logger;
}

function grpcServer({ config, state, identity, client, log }: ServerParts): GrpcServer {
  const { trustDomain } = config;
  const tokens = new JoinTokens({ trustDomain, key: state.tokenKey, ledger: state.ledger, now });
  const pods = client && new TokenReviews({ client, trustDomain, now });
  const certificates = certificateService({
    trustDomain,
    issuer: state.issuer,
    lifetimes: { defaultTtl: config.workloadTtl, maxTtl: config.maxTtl },
    authenticators: [byClientCertificate(now), tokens.authenticate, ...(pods ? [pods.authenticate] : [])],
    issuance: new RateLimit(ISSUANCE),
    now,
    log,
  });
  return new GrpcServer({
    bind: formatAddress(config.grpc),
    tls: { identity, clientCertificates: 'optional' },
    services: [certificates, tokenService(tokens, state.adminCredential)],
    limits: LIMITS,
  });
}

import {
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { citadelUri } from '#common/ca-client';
import { formatAddress } from '#common/flags';
import { GrpcServer } from '#common/grpc-nest';
import { KubeClient } from '#common/kube';
import type { Logger } from '#common/logger';
import { Readiness } from '#common/service';
import { byClientCertificate } from './authenticate/client-certificate.js';
import { TokenReviews } from './authenticate/token-review.js';
import { JoinTokens } from './authenticate/join-tokens.js';
import { RateLimit } from './authorize/rate-limit.js';
import type { CitadelConfig } from './citadel.config.js';
import { ClusterRoot } from './kubernetes/cluster-root.js';
import { rootFromSecret } from './kubernetes/root-secret.js';
import { hasRoot } from './rotate/root-files.js';
import { ServerIdentity } from './rotate/server-identity.js';
import { openState, type CitadelState } from './rotate/state.js';
import { certificateService } from './serve/certificate-service.js';
import { trackExpiry } from './serve/metrics.js';
import { tokenService } from './serve/token-service.js';
import { TRUST_BUNDLE, type TrustBundleNow } from './serve/trust-bundle.js';
import { TrustBundleController } from './serve/trust-bundle.controller.js';

/** A request stays under 4 KB with any key that is accepted. */
const LIMITS = { maxMessageBytes: 64 * 1024, maxConcurrentStreams: 256 };
/** Per identity: all replicas of one may start at once; one that asks without end is slowed down. */
const ISSUANCE = { perSecond: 500, burst: 10_000 };
/** The host names under which Istio's own agents expect their certificate authority. */
const HOST_NAMES = ['istio-ca', 'istio-citadel', 'istio-citadel.istio-system.svc'];

const STATE = Symbol('CitadelState');
const ROOT_DETAIL = Symbol('RootDetail');
const now = Date.now;

/** The composition root: state, stages and servers. */
@Module({ controllers: [TrustBundleController] })
export class CitadelModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(STATE) private readonly state: CitadelState,
    private readonly serverIdentity: ServerIdentity,
    @Inject(ClusterRoot) private readonly clusterRoot: ClusterRoot | undefined,
    @Inject(TokenReviews) private readonly tokenReviews: TokenReviews | undefined,
    @Inject(ROOT_DETAIL) private readonly rootDetail: string,
    @Optional() @Inject(Readiness) private readonly readiness?: Readiness,
  ) {}

  /**
   * Rejects when the state folder cannot be used.
   *
   * @param onWaiting told what it waits for, if it has to
   */
  static async with(
    config: CitadelConfig,
    log: Logger,
    onWaiting: (detail: string) => void = () => undefined,
  ): Promise<DynamicModule> {
    const client = config.cluster && new KubeClient(config.cluster);
    const hasOwn = hasRoot(config.state);
    let rootDetail = '';
    const onDetail = (detail: string): void => {
      if (hasOwn) rootDetail = `at the start: ${detail}`;
      else onWaiting(detail);
    };
    const state = await openState(
      config.state,
      config.trustDomain,
      { now, lifetime: Math.max(config.maxTtl, config.serverTtl) },
      client && rootFromSecret({ client, log, now, hasOwn, onDetail }),
    );
    const { authority } = state;
    const names = [citadelUri(config.trustDomain), ...HOST_NAMES];
    const serverIdentity = new ServerIdentity({ authority, names, ttl: config.serverTtl, now });
    const pods = client && new TokenReviews({ client, trustDomain: config.trustDomain, now, log });
    const bundle: TrustBundleNow = () => ({ roots: authority.roots, trustDomain: config.trustDomain });
    return {
      module: CitadelModule,
      providers: [
        { provide: STATE, useValue: state },
        { provide: ServerIdentity, useValue: serverIdentity },
        { provide: TRUST_BUNDLE, useValue: bundle },
        {
          provide: GrpcServer,
          useValue: grpcServer({ config, state, identity: serverIdentity, pods, log }),
        },
        { provide: TokenReviews, useValue: pods },
        { provide: ROOT_DETAIL, useValue: rootDetail },
        {
          provide: ClusterRoot,
          useValue: client && new ClusterRoot({ client, authority, dir: config.state, log }),
        },
      ],
    };
  }

  onModuleInit(): void {
    trackExpiry({
      root: () => this.state.authority.issuer.notAfter,
      chain: () => this.serverIdentity.current().notAfter,
      now,
    });
    this.serverIdentity.start();
    this.clusterRoot?.start((part, detail) => this.readiness?.set(part, true, detail));
    // Others than pods get theirs nevertheless.
    this.tokenReviews?.report((detail) => this.readiness?.set('tokenReviews', true, detail));
    if (this.rootDetail) this.readiness?.set('root', true, this.rootDetail);
  }

  /** After the servers have closed: the last call may still use up a token. */
  async onApplicationShutdown(): Promise<void> {
    this.serverIdentity.stop();
    await this.clusterRoot?.close();
    await this.state.ledger.close();
  }
}

interface ServerParts {
  readonly config: CitadelConfig;
  readonly state: CitadelState;
  readonly identity: ServerIdentity;
  readonly pods: TokenReviews | undefined;
  readonly log: Logger;
}

function grpcServer({ config, state, identity, pods, log }: ServerParts): GrpcServer {
  const { trustDomain } = config;
  const tokens = new JoinTokens({ trustDomain, key: state.tokenKey, ledger: state.ledger, now });
  const certificates = certificateService({
    trustDomain,
    authority: () => state.authority,
    lifetimes: { defaultTtl: config.workloadTtl, maxTtl: config.maxTtl },
    authenticators: [byClientCertificate(now), tokens.authenticate, ...(pods ? [pods.authenticate] : [])],
    issuance: new RateLimit(ISSUANCE),
    galleyHosts: config.galleyHosts,
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

import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { citadelUri, IstioCertificateService, TokenService } from '#common/ca-client';
import { unaryCall, type CallOptions, type GrpcClientTls } from '#common/grpc';
import { GrpcServer } from '#common/grpc-nest';
import { createCsr, generateKey } from '#common/identity';
import { createLogger, prepareState, Readiness } from '#common/service';
import type { TrustBundle } from '#common/trust-bundle';
import type { JoinTokenRequest } from '../authenticate/join-tokens.js';
import type { CitadelConfig } from '../citadel.config.js';
import { CitadelModule } from '../citadel.module.js';
import { TrustBundleController } from './trust-bundle.controller.js';

/** A Citadel on a free port, for tests: the real module, state folder and gRPC server. */
export class TestCitadel {
  private constructor(
    readonly address: string,
    readonly roots: string,
    readonly adminCredential: string,
    private readonly app: INestApplication,
    private readonly readiness: Readiness,
  ) {}

  static async start(state: string, settings: Partial<CitadelConfig> = {}): Promise<TestCitadel> {
    const config: CitadelConfig = {
      http: { host: '127.0.0.1', port: 0 },
      grpc: { host: '127.0.0.1', port: 0 },
      nats: { url: 'nats://127.0.0.1:1' },
      state: prepareState(state),
      logLevel: 'error',
      trustDomain: 'cluster.local',
      galleyHosts: [],
      workloadTtl: 86_400_000,
      maxTtl: 90 * 86_400_000,
      serverTtl: 86_400_000,
      ...settings,
    };
    const readiness = new Readiness();
    const citadel = await CitadelModule.with(config, createLogger('citadel', 'error'));
    const providers = [...(citadel.providers ?? []), { provide: Readiness, useValue: readiness }];
    const app = await NestFactory.create({ ...citadel, providers }, { logger: false });
    const server = app.get(GrpcServer);
    app.connectMicroservice({ strategy: server });
    await app.init();
    await app.startAllMicroservices();
    const [roots, credential] = await Promise.all([
      readFile(join(state, 'root-cert.pem'), 'utf8'),
      readFile(join(state, 'admin-credential'), 'utf8'),
    ]);
    return new TestCitadel(server.address, roots, credential.trim(), app, readiness);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  /** What it answers over NATS, PEM. */
  trustBundle(): string {
    return this.app.get<{ trustBundle(): TrustBundle }>(TrustBundleController).trustBundle().roots;
  }

  /** What `/readyz` says of one part; empty where all is well. */
  detail(part: string): string {
    return this.readiness.report().conditions[part]?.detail ?? '';
  }

  async createToken(
    request: Partial<JoinTokenRequest> = {},
    credential = this.adminCredential,
  ): Promise<string> {
    const wish = { namespace: 'default', serviceAccount: 'bookinfo', ttlSeconds: 0, uses: 0, ...request };
    const answer = await unaryCall(this.address, TokenService.CreateToken, wish, this.#options(credential));
    return answer.token;
  }

  /** PEM certificates, leaf first. A request of a new P-256 key unless one is given. */
  async createCertificate(
    proof: { token?: string } & Pick<GrpcClientTls, 'identity'>,
    request: { csr?: string; validityDuration?: number } = {},
  ): Promise<string[]> {
    const wish = { csr: createCsr(generateKey()), ...request };
    const options = { ...this.#options(proof.token), ...(proof.identity && { identity: proof.identity }) };
    const answer = await unaryCall(this.address, IstioCertificateService.CreateCertificate, wish, options);
    return answer.certChain;
  }

  #options(bearer: string | undefined): GrpcClientTls & CallOptions {
    return {
      roots: this.roots,
      expectedUri: citadelUri('cluster.local'),
      ...(bearer !== undefined && { metadata: { authorization: `Bearer ${bearer}` } }),
    };
  }
}

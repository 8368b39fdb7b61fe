import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { citadelAuthority } from '#common/ca-client';
import { formatAddress } from '#common/flags';
import { FileIdentity, formatSpiffeId, WorkloadIdentity } from '#common/identity';
import type { IdentitySource } from '#common/identity';
import type { KubeClient } from '#common/kube';
import type { Log } from '#common/nats';
import type { TrustBundleSource } from '#common/trust-bundle';
import { withTrustBundle } from '#common/trust-bundle';
import type { Diagnostic, FileReading } from '#config';
import type { WebhookConfig } from '../galley.config.js';
import { admit, rehearsals } from '../validate/admit.js';
import type { Verdict } from '../validate/admit.js';
import { Registration } from './registration.js';
import { WebhookServer } from './webhook-server.js';

export interface AdmissionOptions {
  readonly config: WebhookConfig;
  /** Folder for the certificate that Citadel issued. */
  readonly state: string;
  readonly client: KubeClient;
  readonly bundle: TrustBundleSource;
  /** What is wrong with an object beside the config that there is. */
  readonly examine: (reading: FileReading) => readonly Diagnostic[];
  readonly ready: () => boolean;
  readonly leads: () => boolean;
  readonly onVerdict?: (verdict: Verdict) => void;
  readonly onHttpError?: (status: number) => void;
  readonly onApplied?: () => void;
  readonly log: Log;
}

/** Under this service account Galley is known to Citadel, which puts its Service's names into the certificate. */
const SERVICE_ACCOUNT = 'istio-galley-service-account';

/** Has the API server ask Galley before it stores mesh config. */
export class Admission {
  private readonly identity: FileIdentity | WorkloadIdentity;
  private readonly server: WebhookServer;
  private readonly registration: Registration;

  constructor(options: AdmissionOptions) {
    const { config, client, bundle, examine, log } = options;
    this.identity = identityOf(options);
    const identity: IdentitySource =
      this.identity instanceof WorkloadIdentity ? withTrustBundle(this.identity, bundle) : this.identity;
    const judge = (request: Parameters<typeof admit>[0]): Verdict => admit(request, examine);
    this.server = new WebhookServer({ ...options, bind: config.bind, identity, judge });
    this.registration = new Registration({ ...config, ...options, client, identity, log });
  }

  /** Why the API server does not wait for Galley's answers, if so. */
  get problem(): string | undefined {
    return this.registration.problem;
  }

  /** Does not wait for a certificate: it may take as long as it likes. */
  async start(): Promise<void> {
    for (const request of rehearsals()) {
      admit(request, () => []);
      await nextTurn();
    }
    await this.server.start();
    void this.identity.start();
    this.registration.start();
  }

  async close(): Promise<void> {
    this.identity.stop();
    await this.registration.close();
    await this.server.close();
  }
}

function identityOf({ config, state, log }: AdmissionOptions): FileIdentity | WorkloadIdentity {
  const { certificate } = config;
  if ('key' in certificate) return new FileIdentity(certificate, log);
  const { citadel, rootFile, tokenFile, trustDomain } = certificate;
  return new WorkloadIdentity({
    authority: citadelAuthority(formatAddress(citadel), trustDomain),
    spiffeId: formatSpiffeId({ trustDomain, namespace: 'istio-system', serviceAccount: SERVICE_ACCOUNT }),
    stateDir: join(state, 'identity'),
    ...{ rootFile, tokenFile, log },
  });
}

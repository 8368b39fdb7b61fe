import { Discovery, Reflector, staleReason, type KubeClient, type ReflectorTimings } from '#common/kube';
import type { Logger } from '#common/logger';
import type { Authority } from '../rotate/authority.js';
import { rootFilesOf, type SecretObject } from './root-secret.js';
import { CITADEL_NAMESPACE, ROOT_SECRETS, SECRETS } from './types.js';

const NAME = ROOT_SECRETS.plugged;

export interface PluggedRootOptions {
  readonly client: KubeClient;
  readonly authority: Authority;
  readonly timings?: ReflectorTimings;
  readonly log: Logger;
}

/**
 * Follows Secret `cacerts`: what an administrator puts there signs from then on. What cannot sign changes nothing, nor
 * does a Secret that is removed.
 *
 * @see https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/
 */
export class PluggedRoot {
  private readonly discovery: Discovery;
  private readonly secrets: Reflector<SecretObject>;
  private problem = '';
  private told = '';
  private onDetail: (detail: string) => void = () => undefined;

  constructor(private readonly options: PluggedRootOptions) {
    const { client, timings, log } = options;
    this.discovery = new Discovery(client);
    this.secrets = new Reflector({
      client,
      discovery: this.discovery,
      type: SECRETS,
      namespace: CITADEL_NAMESPACE,
      query: { fieldSelector: `metadata.name=${NAME}` },
      keep: ({ data }: SecretObject) => (data ? { data } : {}),
      onStir: () => this.stir(),
      ...(timings && { timings }),
      log,
    });
  }

  /** @param onDetail told what is in the way now; nothing is where it is empty */
  start(onDetail: (detail: string) => void = () => undefined): void {
    this.onDetail = onDetail;
    this.secrets.start();
  }

  async close(): Promise<void> {
    this.discovery.close();
    await this.secrets.close();
  }

  private stir(): void {
    for (const change of this.secrets.take()) {
      if (change.op === 'put') this.adopt(change.object);
      else this.removed();
    }
    this.tell();
  }

  private adopt(secret: SecretObject): void {
    const { authority, log } = this.options;
    try {
      const isNew = authority.replace(rootFilesOf(NAME, secret));
      this.problem = '';
      const until = new Date(authority.issuer.notAfter).toISOString();
      if (isNew)
        log.info({ until }, `certificates are signed by the authority in Secret ${NAME} from now on`);
    } catch (error) {
      const reason = (error as Error).message;
      if (reason !== this.problem)
        log.warn({ reason }, `Secret ${NAME} is not used: the authority in force goes on`);
      this.problem = reason;
    }
  }

  private removed(): void {
    this.problem = '';
    this.options.log.warn({}, `Secret ${NAME} is gone: the authority in force goes on until the next start`);
  }

  private tell(): void {
    const { state } = this.secrets;
    const stale = state.kind === 'stale' ? [`secret ${NAME}: ${staleReason(state)}`] : [];
    const unused = this.problem === '' ? [] : [`secret ${NAME} is not used: ${this.problem}`];
    const detail = [...stale, ...unused].join('; ');
    if (detail !== this.told) this.onDetail(detail);
    this.told = detail;
  }
}

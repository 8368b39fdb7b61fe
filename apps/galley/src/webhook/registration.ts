import { get } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '#common/flags';
import type { IdentitySource } from '#common/identity';
import { KubeError, PATCH, type KubeClient } from '#common/kube';
import type { Log } from '#common/nats';
import { isRefusal } from '../validate/admit.js';
import { provocation, READY_PATH, webhookConfiguration } from '../validate/webhook-configuration.js';
import type { WebhookSettings } from '../validate/webhook-configuration.js';

export interface RegistrationOptions extends Pick<WebhookSettings, 'name' | 'address' | 'ownNamespace'> {
  readonly client: KubeClient;
  /** Where Galley listens. */
  readonly bind: Address;
  readonly identity: IdentitySource;
  /** Only one of several replicas writes the configuration. */
  readonly leads: () => boolean;
  readonly onApplied?: () => void;
  readonly log: Log;
}

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const PROBES = '/apis/networking.istio.io/v1';
const FIELD_MANAGER = 'galley';
/** Between two looks at what was registered; while something is to be brought about, sooner. */
const CALM_MS = 5_000;
const BUSY_MS = 500;
const PROBE_LIMIT_MS = 3_000;

/**
 * Keeps Galley registered with the API server, by what is seen to work: nothing is registered before Galley answers
 * under the address that the API server is given, known by the roots that it is given. Then requests go through Galley
 * but do not hang on it (`Ignore`). Once the API server was seen to heed a refusal, they do (`Fail`); as soon as it does
 * not, or Galley ends in order, they do not any more.
 */
export class Registration {
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private registered = false;
  private enforced = false;
  private trouble: string | undefined;
  private wake: () => void = () => undefined;
  private readonly unsubscribe: () => void;

  constructor(private readonly options: RegistrationOptions) {
    this.unsubscribe = options.identity.subscribe(() => this.wake());
  }

  /** Whether the API server refuses what Galley cannot be asked about. */
  get isEnforced(): boolean {
    return this.enforced;
  }

  /** Why requests do not hang on Galley, if they do not. */
  get problem(): string | undefined {
    return this.trouble;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Requests must not hang on a Galley that is not there. */
  async close(): Promise<void> {
    this.unsubscribe();
    this.closing.abort();
    await this.running;
    if (this.registered && this.options.leads())
      await this.apply('Ignore').catch((error: unknown) => this.report(error));
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const calm = await this.step().catch((error: unknown) => this.report(error));
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      const pause = sleep(calm ? CALM_MS : BUSY_MS, undefined, { signal }).catch(() => undefined);
      await Promise.race([woken, pause]);
    }
  }

  /** True where all is as it should be. */
  private async step(): Promise<boolean> {
    const { identity, leads } = this.options;
    if (!leads()) {
      this.registered = this.enforced = false;
      this.trouble = undefined;
      return false;
    }
    const current = identity.current();
    if (!current) return this.withhold('there is no certificate yet');
    const unreachable = await this.probe(current.roots);
    if (unreachable !== undefined) {
      if (this.registered) await this.apply('Ignore');
      return this.withhold(`Galley does not answer under its own address: ${unreachable}`);
    }
    await this.apply(this.enforced ? 'Fail' : 'Ignore');
    const unheeded = await this.provoke();
    if (unheeded !== undefined) {
      if (this.enforced) await this.apply('Ignore');
      return this.withhold(unheeded);
    }
    if (!this.enforced) await this.apply('Fail');
    this.trouble = undefined;
    return true;
  }

  private withhold(reason: string): false {
    this.trouble = reason;
    return false;
  }

  private report(error: unknown): false {
    const { message } = error as Error;
    if (this.trouble !== message) this.options.log.warn({ reason: message }, 'admission: cannot register');
    return this.withhold(message);
  }

  /** All of the configuration is ours: whoever changes it finds it put back. */
  private async apply(failurePolicy: WebhookSettings['failurePolicy']): Promise<void> {
    const { client, name, address, ownNamespace, identity, log, onApplied } = this.options;
    const roots = identity.current()?.roots ?? '';
    const body = webhookConfiguration({ name, address, ownNamespace, failurePolicy, roots });
    await client.send('PATCH', `${CONFIGURATIONS}/${name}`, {
      body,
      contentType: PATCH.apply,
      query: { fieldManager: FIELD_MANAGER, force: true },
    });
    const changed = !this.registered || this.enforced !== (failurePolicy === 'Fail');
    this.registered = true;
    this.enforced = failurePolicy === 'Fail';
    if (changed) log.info({ name, failurePolicy }, 'admission: registered');
    if (changed) onApplied?.();
  }

  /**
   * Why Galley does not answer as the API server would ask it. Behind a Service it is asked here, by the Service's name:
   * whether the way there is open is for the API server to show.
   */
  private async probe(roots: string): Promise<string | undefined> {
    const { address, bind } = this.options;
    const target =
      'url' in address
        ? { host: new URL(address.url).hostname, port: new URL(address.url).port }
        : {
            host: isAny(bind.host) ? '127.0.0.1' : bind.host,
            port: bind.port,
            servername: `${address.service.name}.${address.service.namespace}.svc`,
          };
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
      get({ ...target, path: READY_PATH, ca: roots, agent: false, signal }, (response) => {
        response.resume();
        resolve(response.statusCode === 200 ? undefined : `HTTP ${response.statusCode}`);
      }).on('error', (error) => resolve(error.message));
    });
  }

  /** Why it is not known that the API server heeds a refusal. */
  private async provoke(): Promise<string | undefined> {
    const { client, ownNamespace } = this.options;
    const path = `${PROBES}/namespaces/${ownNamespace}/virtualservices`;
    try {
      await client.send('POST', path, { body: provocation(ownNamespace), query: { dryRun: 'All' } });
      return 'the API server does not reach Galley';
    } catch (error) {
      if (error instanceof KubeError && isRefusal(error.message)) return undefined;
      return `it cannot be seen whether the API server reaches Galley: ${(error as Error).message}`;
    }
  }
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

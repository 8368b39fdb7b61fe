import {
  Backoff,
  Discovery,
  isConflict,
  isNotFound,
  KubeError,
  PATCH,
  Reflector,
  resourcePath,
  type KubeClient,
  type KubeObject,
  type ReflectorTimings,
} from '#common/kube';
import type { Logger } from '#common/logger';
import { CONFIG_MAPS, NAMESPACES, ROOT_CONFIG_MAP as NAME } from './types.js';

const KEY = 'root-cert.pem';
/** By which Istio's ConfigMaps are told from people's. */
const LABELS = { 'istio.io/config': 'true' };
/** Writes at the same time; the next begins when one is done. */
const WRITERS = 8;

export interface RootConfigMapsOptions {
  readonly client: KubeClient;
  /** PEM. */
  readonly roots: string;
  readonly timings?: ReflectorTimings;
  readonly log: Logger;
}

/**
 * Keeps ConfigMap `istio-ca-root-cert` in every namespace as it should be: in new ones, too, and again where somebody
 * changed or removed it. All Citadels do so, and all write the same.
 */
export class RootConfigMaps {
  private readonly discovery: Discovery;
  private readonly namespaces: Reflector<boolean>;
  private readonly configMaps: Reflector<string>;
  private readonly active = new Set<string>();
  private readonly held = new Map<string, string>();
  /** Namespaces to look at: each stands here once. */
  private readonly waiting = new Set<string>();
  private readonly closing = new AbortController();
  private readonly backoff = new Backoff({ first: 500, longest: 30_000 });
  private readonly writers = new Set<Promise<void>>();
  private problem = '';

  constructor(private readonly options: RootConfigMapsOptions) {
    const { client, timings, log } = options;
    this.discovery = new Discovery(client);
    const common = {
      client,
      discovery: this.discovery,
      onStir: () => this.stir(),
      ...(timings && { timings }),
      log,
    };
    this.namespaces = new Reflector({ ...common, type: NAMESPACES, keep: isActive });
    this.configMaps = new Reflector({
      ...common,
      type: CONFIG_MAPS,
      query: { fieldSelector: `metadata.name=${NAME}` },
      keep: rootsIn,
    });
  }

  start(): void {
    this.namespaces.start();
    this.configMaps.start();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.discovery.close();
    await Promise.all([this.namespaces.close(), this.configMaps.close(), ...this.writers]);
  }

  /** What is in the way; empty while nothing is. */
  get detail(): string {
    const states = [this.namespaces.state, this.configMaps.state];
    const stale = states.flatMap((state) => (state.kind === 'stale' ? [state.reason] : []));
    return [...stale, ...(this.problem ? [this.problem] : [])].join('; ');
  }

  private stir(): void {
    for (const change of this.namespaces.take()) {
      const name = change.key.slice(1);
      if (change.op === 'put' && change.object) this.active.add(name);
      else this.active.delete(name);
      this.waiting.add(name);
    }
    for (const change of this.configMaps.take()) {
      const namespace = change.key.slice(0, change.key.indexOf('/'));
      if (change.op === 'put') this.held.set(namespace, change.object);
      else this.held.delete(namespace);
      this.waiting.add(namespace);
    }
    // Before both are known, what is missing cannot be told from what was not heard of.
    if (this.namespaces.synced && this.configMaps.synced) this.work();
  }

  private work(): void {
    for (const namespace of this.waiting) {
      if (this.writers.size >= WRITERS) return;
      this.waiting.delete(namespace);
      if (!this.active.has(namespace) || this.held.get(namespace) === this.options.roots) continue;
      const writer = this.write(namespace).finally(() => {
        this.writers.delete(writer);
        if (!this.closing.signal.aborted) this.work();
      });
      this.writers.add(writer);
    }
  }

  private async write(namespace: string): Promise<void> {
    try {
      await this.put(namespace);
      this.backoff.reset();
      this.problem = '';
    } catch (error) {
      // One that is gone, or about to go, needs none; of what somebody else wrote we hear.
      if (isNotFound(error) || isConflict(error) || isTerminating(error)) return;
      const reason = (error as Error).message;
      if (reason !== this.problem)
        this.options.log.warn({ namespace, reason }, `ConfigMap ${NAME} cannot be written`);
      this.problem = reason;
      this.waiting.add(namespace);
      await this.backoff.pause(this.closing.signal);
    }
  }

  private async put(namespace: string): Promise<void> {
    const { client, roots } = this.options;
    const { signal } = this.closing;
    const body = { metadata: { name: NAME, namespace, labels: LABELS }, data: { [KEY]: roots } };
    if (!this.held.has(namespace)) {
      await client.send('POST', resourcePath(CONFIG_MAPS, namespace), { body, signal });
      return;
    }
    const path = resourcePath(CONFIG_MAPS, namespace, NAME);
    await client.send('PATCH', path, { body, contentType: PATCH.merge, signal });
  }
}

function isActive(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp === undefined;
}

function rootsIn(object: KubeObject): string {
  return (object as KubeObject & { readonly data?: Readonly<Record<string, string>> }).data?.[KEY] ?? '';
}

function isTerminating(error: unknown): boolean {
  return error instanceof KubeError && error.status === 403 && error.message.includes('being terminated');
}

import {
  Backoff,
  Discovery,
  isConflict,
  isNotFound,
  KubeError,
  PATCH,
  Reflector,
  resourcePath,
  staleReason,
  type KubeClient,
  type KubeObject,
  type ReflectorTimings,
} from '#common/kube';
import type { Logger } from '#common/logger';
import type { Authority } from '../rotate/authority.js';
import { formatTerms, readTerms, sameRoots } from '../sign/trusted-roots.js';
import { CITADEL_NAMESPACE, CONFIG_MAPS, NAMESPACES, ROOT_CONFIG_MAP as NAME } from './types.js';

const KEY = 'root-cert.pem';
/** By which Istio's ConfigMaps are told from people's. */
const LABELS = { 'istio.io/config': 'true' };
/** In {@link CITADEL_NAMESPACE}: until when which root is trusted, for Citadels that never saw it sign. */
const TERMS = 'quartet/trusted-until';
/** Writes at the same time; the next begins when one is done. */
const WRITERS = 8;

/** What is used of a ConfigMap. */
interface RootConfigMap {
  readonly roots: string;
  readonly terms: string;
}

export interface RootConfigMapsOptions {
  readonly client: KubeClient;
  readonly authority: Pick<Authority, 'roots' | 'trusted' | 'learn' | 'subscribe'>;
  readonly timings?: ReflectorTimings;
  readonly log: Logger;
}

/**
 * Keeps ConfigMap `istio-ca-root-cert` in every namespace as it should be: in new ones, too, and again where somebody
 * changed or removed it. All Citadels do so, and all write the same: in the ConfigMap of their own namespace they tell
 * each other what they trust.
 */
export class RootConfigMaps {
  private readonly discovery: Discovery;
  private readonly namespaces: Reflector<boolean>;
  private readonly configMaps: Reflector<RootConfigMap>;
  private readonly active = new Set<string>();
  private readonly held = new Map<string, RootConfigMap>();
  /** Namespaces to look at: each stands here once. */
  private readonly waiting = new Set<string>();
  private readonly closing = new AbortController();
  private readonly backoff = new Backoff({ first: 500, longest: 30_000 });
  private readonly writers = new Set<Promise<void>>();
  private problem = '';
  private told = '';
  private unsubscribe: () => void = () => undefined;
  private onDetail: (detail: string) => void = () => undefined;

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
      keep: rootConfigMapOf,
    });
  }

  /** @param onDetail told what is in the way now; nothing is where it is empty */
  start(onDetail: (detail: string) => void = () => undefined): void {
    this.onDetail = onDetail;
    this.unsubscribe = this.options.authority.subscribe(() => this.lookAtAll());
    this.namespaces.start();
    this.configMaps.start();
  }

  async close(): Promise<void> {
    this.unsubscribe();
    this.closing.abort();
    this.discovery.close();
    await Promise.all([this.namespaces.close(), this.configMaps.close(), ...this.writers]);
  }

  private tell(): void {
    const types = { namespaces: this.namespaces.state, configmaps: this.configMaps.state };
    const stale = Object.entries(types).flatMap(([name, state]) =>
      state.kind === 'stale' ? [`${name}: ${staleReason(state)}`] : [],
    );
    const detail = [...stale, ...(this.problem ? [this.problem] : [])].join('; ');
    if (detail !== this.told) this.onDetail(detail);
    this.told = detail;
  }

  private stir(): void {
    this.tell();
    for (const change of this.namespaces.take()) {
      const name = change.key.slice(1);
      if (change.op === 'put' && change.object) this.active.add(name);
      else this.active.delete(name);
      this.waiting.add(name);
    }
    const own = this.held.get(CITADEL_NAMESPACE);
    for (const change of this.configMaps.take()) {
      const namespace = change.key.slice(0, change.key.indexOf('/'));
      if (change.op === 'put') this.held.set(namespace, change.object);
      else this.held.delete(namespace);
      this.waiting.add(namespace);
    }
    if (this.held.get(CITADEL_NAMESPACE) !== own) this.learn();
    this.work();
  }

  /** Only from where nobody but the mesh's administrators may write. */
  private learn(): void {
    const record = this.held.get(CITADEL_NAMESPACE);
    if (record) this.options.authority.learn(readTerms(record.roots, record.terms));
  }

  /** The own namespace goes first: other Citadels hear from there why the rest changes. */
  private lookAtAll(): void {
    for (const namespace of [CITADEL_NAMESPACE, ...this.active]) this.waiting.add(namespace);
    this.work();
  }

  private work(): void {
    // Before both are known, what is missing cannot be told from what was not heard of.
    if (!this.namespaces.synced || !this.configMaps.synced) return;
    for (const namespace of this.waiting) {
      if (this.writers.size >= WRITERS) return;
      this.waiting.delete(namespace);
      if (!this.active.has(namespace) || this.isTold(namespace)) continue;
      const writer = this.write(namespace).finally(() => {
        this.writers.delete(writer);
        if (!this.closing.signal.aborted) this.work();
      });
      this.writers.add(writer);
    }
  }

  private isTold(namespace: string): boolean {
    const held = this.held.get(namespace);
    const { roots, trusted } = this.options.authority;
    if (!held || !sameRoots(held.roots, roots)) return false;
    return namespace !== CITADEL_NAMESPACE || held.terms === formatTerms(trusted);
  }

  private async write(namespace: string): Promise<void> {
    try {
      await this.put(namespace);
      this.backoff.reset();
      this.problem = '';
      this.tell();
    } catch (error) {
      // One that is gone, or about to go, needs none; of what somebody else wrote we hear.
      if (isNotFound(error) || isConflict(error) || isTerminating(error)) return;
      const reason = (error as Error).message;
      if (reason !== this.problem)
        this.options.log.warn({ namespace, reason }, `ConfigMap ${NAME} cannot be written`);
      this.problem = reason;
      this.tell();
      this.waiting.add(namespace);
      await this.backoff.pause(this.closing.signal);
    }
  }

  private async put(namespace: string): Promise<void> {
    const { client, authority } = this.options;
    const { signal } = this.closing;
    const annotations = { [TERMS]: formatTerms(authority.trusted) };
    const metadata = { name: NAME, namespace, labels: LABELS };
    const body = {
      metadata: namespace === CITADEL_NAMESPACE ? { ...metadata, annotations } : metadata,
      data: { [KEY]: authority.roots },
    };
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

function rootConfigMapOf(object: KubeObject): RootConfigMap {
  const { metadata, data } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  return { roots: data?.[KEY] ?? '', terms: metadata.annotations?.[TERMS] ?? '' };
}

function isTerminating(error: unknown): boolean {
  return error instanceof KubeError && error.status === 403 && error.message.includes('being terminated');
}

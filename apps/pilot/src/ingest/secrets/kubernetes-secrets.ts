import { Discovery, Reflector, type KubeClient, type KubeObject, type ReflectorTimings } from '#common/kube';
import type { Logger } from '#common/logger';
import { ANY_NAMESPACE, type CredentialChange } from '../../model/credential.js';
import type { ProvenIdentity } from '../../model/proxy.js';
import { SECRET_KEYS, type SecretData } from '../../registries/secrets/read-credential.js';
import { SecretLedger, type SecretEdit, type SecretReport } from '../../registries/secrets/secret-ledger.js';

import { AccessReviews } from './access-reviews.js';
import { unreadSecrets } from './unread-secrets.js';

export const KUBERNETES_SOURCE = 'Kubernetes secrets';

export interface KubernetesSecretsOptions {
  readonly client: KubeClient;
  /** Name of the cluster, for origins. */
  readonly cluster: string;
  /** `*`: all of them. */
  readonly namespaces: readonly string[];
  readonly learn: (change: CredentialChange) => void;
  readonly onState: () => void;
  readonly timings?: ReflectorTimings;
  readonly log: Logger;
}

/** Most Secrets of a cluster are tokens and the history of Helm. */
const OTHERS = 'type!=kubernetes.io/service-account-token,type!=helm.sh/release.v1';

/** Secrets of the namespaces whose gateways may have them. Nothing of them is ever written down. */
export class KubernetesSecrets {
  private readonly ledger = new SecretLedger();
  private readonly discovery: Discovery;
  private readonly reflectors: ReadonlyMap<string, Reflector<SecretData>>;
  private readonly known = new Set<string>();
  private readonly reviews: AccessReviews;

  constructor(private readonly options: KubernetesSecretsOptions) {
    this.discovery = new Discovery(options.client);
    this.reviews = new AccessReviews({
      client: options.client,
      log: options.log,
      onAccess: (access) => this.learn({ credentials: new Map(), access }),
    });
    this.reflectors = new Map(options.namespaces.map((namespace) => [namespace, this.follow(namespace)]));
  }

  start(): void {
    for (const reflector of this.reflectors.values()) reflector.start();
  }

  async close(): Promise<void> {
    this.reviews.close();
    this.discovery.close();
    await Promise.all([...this.reflectors.values()].map((reflector) => reflector.close()));
  }

  /** A proxy of this identity asks for secrets. */
  asked(identity: ProvenIdentity): void {
    const { namespaces } = this.options;
    if (namespaces.includes(ANY_NAMESPACE) || namespaces.includes(identity.namespace))
      this.reviews.ask(identity);
  }

  reports(): SecretReport[] {
    return this.ledger.reports();
  }

  /** Which namespaces cannot be read, and why; empty while all can. */
  get details(): string[] {
    const stale = [...this.reflectors].flatMap(([namespace, { state }]) =>
      state.kind === 'stale' ? [unreadSecrets(namespace, state)] : [],
    );
    return [...stale, this.reviews.detail].filter(Boolean);
  }

  private follow(namespace: string): Reflector<SecretData> {
    const { client, timings, log } = this.options;
    return new Reflector({
      client,
      discovery: this.discovery,
      type: { group: '', version: 'v1', plural: 'secrets' },
      ...(namespace !== ANY_NAMESPACE && { namespace }),
      query: { fieldSelector: OTHERS },
      keep: entriesOf,
      onStir: () => this.stir(namespace),
      ...(timings && { timings }),
      log,
    });
  }

  private stir(namespace: string): void {
    const { onState, log, cluster } = this.options;
    const reflector = this.reflectors.get(namespace)!;
    const edits = reflector.take().map((change): SecretEdit => {
      const [of = '', name = ''] = change.key.split('/');
      const data = change.op === 'put' && Object.keys(change.object).length > 0 ? change.object : undefined;
      return { namespace: of, name, data, origin: { file: `cluster/${cluster}`, line: 0 } };
    });
    const { credentials, diagnostics } = this.ledger.take(edits, Date.now());
    for (const diagnostic of diagnostics) log.warn({ diagnostic }, 'a secret with a mistake');
    const isNews = reflector.synced && !this.known.has(namespace);
    if (isNews) this.known.add(namespace);
    if (isNews || credentials.size > 0) this.learn({ credentials });
    onState();
  }

  private learn(change: Pick<CredentialChange, 'credentials' | 'access'>): void {
    this.options.learn({ kind: 'credentials', source: KUBERNETES_SOURCE, known: [...this.known], ...change });
  }
}

function entriesOf(object: KubeObject): SecretData {
  const { data = {} } = object as KubeObject & { readonly data?: Readonly<Record<string, string>> };
  const read = Object.entries(data).filter(([key]) => SECRET_KEYS.has(key));
  return Object.fromEntries(read.map(([key, text]) => [key, Buffer.from(text, 'base64')]));
}

import { Backoff } from './backoff.js';
import type { KubeClient } from './client.js';
import type { ResourceType } from './objects.js';
import { typeName } from './objects.js';

interface GroupDiscoveryList {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly { readonly resource: string }[];
    }[];
  }[];
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const POLL_MS = 1_000;

/**
 * Waits for types that are not installed. One small request a second for all of them, which costs the server nothing
 * while nothing changes (it answers 304), and none at all while nobody waits.
 *
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery
 */
export class Discovery {
  private served: ReadonlySet<string> = new Set();
  private etag = '';
  private readonly waiting = new Set<{
    readonly types: readonly ResourceType[];
    readonly resolve: () => void;
  }>();
  private readonly closing = new AbortController();
  private polling = false;

  constructor(private readonly client: KubeClient) {}

  /** Resolves when one of the types is served, or `signal` aborts. */
  async installed(types: readonly ResourceType[], signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.closing.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const waiter = { types, resolve: () => (this.waiting.delete(waiter), resolve()) };
      this.waiting.add(waiter);
      signal.addEventListener('abort', waiter.resolve, { once: true });
      if (!this.polling) void this.poll();
    });
  }

  /** The first of these types that the server says to serve at this moment. @throws KubeError */
  async firstServed(types: readonly ResourceType[]): Promise<ResourceType | undefined> {
    await this.refresh();
    return this.firstKnown(types);
  }

  close(): void {
    this.closing.abort();
    for (const { resolve } of [...this.waiting]) resolve();
  }

  private async poll(): Promise<void> {
    this.polling = true;
    const backoff = new Backoff({ first: POLL_MS });
    const { signal } = this.closing;
    while (this.waiting.size > 0 && !signal.aborted) {
      await this.refresh().then(
        () => backoff.reset(),
        () => undefined,
      );
      for (const { types, resolve } of [...this.waiting]) if (this.firstKnown(types)) resolve();
      if (this.waiting.size > 0) await backoff.pause(signal);
    }
    this.polling = false;
  }

  private firstKnown(types: readonly ResourceType[]): ResourceType | undefined {
    return types.find((type) => this.served.has(servedName(type)));
  }

  private async refresh(): Promise<void> {
    const headers: Record<string, string> = this.etag === '' ? {} : { 'if-none-match': this.etag };
    const answer = await this.client.send<GroupDiscoveryList>('GET', '/apis', {
      accept: AGGREGATED,
      headers,
    });
    if (answer.status === 304) return;
    this.etag = answer.headers.etag ?? '';
    this.served = new Set(namesIn(answer.body));
  }
}

function servedName({ version, ...type }: ResourceType): string {
  return `${version} ${typeName({ version, ...type })}`;
}

function namesIn({ items }: GroupDiscoveryList): string[] {
  return items.flatMap(({ metadata: { name: group = '' }, versions }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.map(({ resource: plural }) => servedName({ group, version, plural })),
    ),
  );
}

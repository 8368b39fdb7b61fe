import type { Sidecar } from '#config';
import type { Config } from '../model/config.js';
import type { Fact } from '../model/contract.js';
import { EgressScope, wholeScope, type Extent } from '../model/egress-scope.js';
import { atLabel, isWildcard } from '../model/host.js';
import type { Proxy } from '../model/proxy.js';
import { fact } from './facts.js';

/**
 * What a proxy's Sidecar imports, and which facts that is known from. Whether a host is imported changes with what the
 * Sidecar says of that host, and with its frame, which whoever found the Sidecar has recorded.
 */
export class RecordedScope {
  private constructor(
    private readonly scope: EgressScope,
    private readonly record: (fact: Fact) => void,
    /** The namespace of the Sidecar. */
    private readonly home?: string,
  ) {}

  static readonly everything = new RecordedScope(EgressScope.everything, () => undefined);

  static of(
    sidecar: Config<Sidecar> | undefined,
    { namespace }: Proxy,
    record: (fact: Fact) => void,
  ): RecordedScope {
    if (!sidecar) return RecordedScope.everything;
    return new RecordedScope(wholeScope(sidecar, namespace), record, sidecar.namespace);
  }

  get isEverything(): boolean {
    return this.scope.isEverything;
  }

  get namespaces(): readonly string[] {
    return this.scope.namespaces;
  }

  /** Equal texts, equal scopes. */
  get id(): string {
    this.recordAll();
    return this.scope.id;
  }

  get extent(): Extent {
    this.recordAll();
    return this.scope.extent;
  }

  /** Whether a service is imported. */
  imports(namespace: string, host: string): boolean {
    this.recordHost(host);
    return this.scope.imports(namespace, host);
  }

  /** The same for who has asked for `id` or `extent`, and depends on all that the Sidecar says. */
  lists(namespace: string, host: string): boolean {
    return this.scope.imports(namespace, host);
  }

  /** Whether a VirtualService is imported by this host of it. */
  meets(namespace: string, host: string): boolean {
    this.recordHost(host);
    return this.scope.meets(namespace, host);
  }

  private recordAll(): void {
    if (this.home !== undefined) this.record(fact.sidecars(this.home));
  }

  private recordHost(host: string): void {
    if (this.home === undefined || this.isEverything) return;
    this.record(fact.imports(this.home, isWildcard(host) ? atLabel(host) : host));
  }
}

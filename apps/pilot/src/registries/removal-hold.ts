import type { RegisteredService, RegistryChange, RegistryId } from '../model/registry.js';
import type { Endpoint } from '../model/service.js';

export interface RemovalLimits {
  /** Above this part of a service's endpoints their removal is held back; 0 holds nothing back. */
  readonly share: number;
  /** A service with fewer endpoints is small enough to lose most of them in earnest. */
  readonly minimum: number;
  /** For so long a removal counts as sudden, however many steps it takes; in milliseconds. */
  readonly windowMs: number;
  /** For so long it is held back, in milliseconds; what the registry still says then counts. */
  readonly limitMs: number;
}

/** Endpoints that a registry no longer has, and that stay in force for now. */
export interface HeldRemoval {
  /** Id of the registry. */
  readonly registry: string;
  /** `<namespace>/<host>` */
  readonly service: string;
  /** How many there were, how many the registry has left, and how many are kept. */
  readonly before: number;
  readonly left: number;
  readonly kept: number;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  readonly until: number;
}

interface Known {
  readonly registry: RegistryId;
  readonly id: string;
  /** What the registry says. */
  readonly said: RegisteredService;
  /** What is in force. */
  readonly endpoints: readonly Endpoint[];
  /** How many were in force when the window began. */
  readonly before: { readonly count: number; readonly at: number };
  readonly heldSince?: number;
}

/**
 * Stands between registries and the world: where a service loses most of its endpoints at once, from one registry, they
 * stay in force for a while. A registry that lost its own sources, or a controller gone wild, looks like that, and
 * traffic to endpoints that are there after all beats traffic to nowhere; those that are really gone Envoy finds out
 * about by itself. A service that is gone as a whole is no mass removal, nor are endpoints that others replace.
 */
export class RemovalHold {
  private readonly known = new Map<string, Known>();
  private readonly holding = new Set<string>();

  constructor(private readonly limits: RemovalLimits) {}

  /** Those that are held back now. */
  get held(): HeldRemoval[] {
    return [...this.holding].flatMap((key) => describe(this.known.get(key), this.limits.limitMs));
  }

  /** What is to be in force of a change. Costs what it names. */
  admit(change: RegistryChange, now: number): RegistryChange {
    if (this.limits.share <= 0) return change;
    const services = [...change.services].map(([id, said]): [string, RegisteredService | undefined] => {
      const key = `${change.registry.id} ${id}`;
      if (said) return [id, this.judge(key, { registry: change.registry, id, said }, now)];
      this.known.delete(key);
      this.holding.delete(key);
      return [id, undefined];
    });
    return { ...change, services: new Map(services) };
  }

  /** What was held back for its time: from now on it counts as the registries say it. */
  due(now: number): RegistryChange[] {
    return [...this.holding].flatMap((key): RegistryChange[] => {
      const known = this.known.get(key);
      if (known?.heldSince === undefined || now - known.heldSince < this.limits.limitMs) return [];
      const { registry, id, said } = known;
      this.keep(key, { registry, id, said, endpoints: said.endpoints, before: countOf(said, now) });
      return [{ kind: 'registry', registry, services: new Map([[id, said]]), workloads: new Map() }];
    });
  }

  private judge(key: string, next: Pick<Known, 'registry' | 'id' | 'said'>, now: number): RegisteredService {
    const { said } = next;
    const old = this.known.get(key);
    const isOver = !old || (old.heldSince === undefined && now - old.before.at >= this.limits.windowMs);
    const before = isOver ? { count: old?.endpoints.length ?? said.endpoints.length, at: now } : old.before;
    if (!old || !this.isSudden(said.endpoints.length, before.count)) {
      this.keep(key, { ...next, endpoints: said.endpoints, before: grown(before, said) });
      return said;
    }
    const endpoints = [...said.endpoints, ...missing(old.endpoints, said.endpoints)];
    this.keep(key, { ...next, endpoints, before, heldSince: old.heldSince ?? now });
    return { ...said, endpoints };
  }

  private isSudden(left: number, before: number): boolean {
    const { share, minimum } = this.limits;
    return before >= minimum && before - left > share * before;
  }

  private keep(key: string, known: Known): void {
    this.known.set(key, known);
    if (known.heldSince === undefined) this.holding.delete(key);
    else this.holding.add(key);
  }
}

function describe(known: Known | undefined, limitMs: number): HeldRemoval[] {
  if (known?.heldSince === undefined) return [];
  const { registry, id, said, endpoints, before, heldSince: since } = known;
  const left = said.endpoints.length;
  const counts = { before: before.count, left, kept: endpoints.length - left };
  return [{ registry: registry.id, service: id, ...counts, since, until: since + limitMs }];
}

function countOf({ endpoints }: RegisteredService, at: number): Known['before'] {
  return { count: endpoints.length, at };
}

/** What has come within the window may be lost within it, too. */
function grown(before: Known['before'], { endpoints }: RegisteredService): Known['before'] {
  return { ...before, count: Math.max(before.count, endpoints.length) };
}

function missing(old: readonly Endpoint[], next: readonly Endpoint[]): Endpoint[] {
  const there = new Set(next.map(placeOf));
  return old.filter((endpoint) => !there.has(placeOf(endpoint)));
}

function placeOf({ address, ports }: Endpoint): string {
  return `${address} ${JSON.stringify(ports)}`;
}

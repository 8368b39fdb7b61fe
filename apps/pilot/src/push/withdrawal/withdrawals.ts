import type { ResourceKey } from '#config';
import type { Rejection } from '../../ads/rejection.js';
import type { Withdrawn, World } from '../../model/contract.js';
import { EarlierForms } from './earlier-forms.js';
import { Inquiry } from './inquiry.js';
import { suspectsOf } from './suspects.js';
import {
  idOf,
  keyOf,
  mayBeConfig,
  type Mesh,
  type Place,
  type Prober,
  type Refusal,
  type Withdrawal,
} from './withdrawal.js';

/** Refusals that are looked into at the same time; the others wait. */
const INQUIRY_LIMIT = 32;
/** Versions that were refused, and refusals with nobody to blame, that are remembered, so that none is tried twice. */
const MEMORY_LIMIT = 10_000;

/**
 * Withdraws the config behind a resource that a proxy refuses, alone, for all proxies: its last good form counts again,
 * and the newest is tried anew when it has another content. Bounded work, however often proxies refuse.
 */
export class Withdrawals {
  readonly forms: EarlierForms;
  private readonly found = new Map<string, Withdrawal>();
  private readonly inquiries = new Map<string, Inquiry>();
  private readonly refusedVersions = new Memory(MEMORY_LIMIT);
  private readonly unexplained = new Memory(MEMORY_LIMIT);

  /** @param onChange hears of each change of `all`, and of the configs whose earlier forms are others now */
  constructor(
    private readonly onChange: (what: 'withdrawals' | { readonly forms: ResourceKey }) => void = () =>
      undefined,
  ) {
    this.forms = new EarlierForms((key) => onChange({ forms: key }));
  }

  /** Those that are known to be to blame. */
  get all(): readonly Withdrawal[] {
    return [...this.found.values()];
  }

  /** What was known before a restart. */
  restore(withdrawals: readonly Withdrawal[]): void {
    for (const withdrawal of withdrawals) this.found.set(withdrawal.identity, withdrawal);
  }

  /** What is withdrawn of a new world: what has another content since is tried again. */
  stillOut(world: World): Withdrawn {
    const size = this.found.size;
    for (const identity of this.found.keys())
      if (world.config(keyOf(identity))?.toJSON() !== identity) this.found.delete(identity);
    if (this.found.size < size) this.onChange('withdrawals');
    return this.out();
  }

  /** Nothing is looked for: what proxies accept need not be told. */
  get idle(): boolean {
    return this.inquiries.size === 0;
  }

  /** A proxy, or a rule of Envoy's API, refuses a resource. Returns the withdrawals that this settles. */
  refused(refusal: Refusal, mesh: Mesh): readonly Withdrawal[] {
    const { place, rejection } = refusal;
    if (!mayBeConfig(rejection.message)) return [];
    this.refusedVersions.add(`${place.type} ${rejection.version}`);
    return this.lookInto(refusal, mesh);
  }

  /** A proxy takes what it was asked to try. */
  accepted(place: Place, mesh: Mesh): readonly Withdrawal[] {
    return this.advance(this.inquiries.get(idOf(place)), mesh);
  }

  /** The world is another one, or a proxy has gone: what is asked may be moot, and others may have to be asked. */
  review(mesh: Mesh, gone?: Prober): readonly Withdrawal[] {
    return this.dropMoot(mesh, gone) ? this.lookIntoAll(mesh) : [];
  }

  private dropMoot(mesh: Mesh, gone?: Prober): boolean {
    const moot = [...this.inquiries].filter(
      ([, inquiry]) => (gone && inquiry.refusal.prober === gone) || !inquiry.isAbout(mesh),
    );
    for (const [id, inquiry] of moot) {
      this.inquiries.delete(id);
      inquiry.desist();
    }
    return moot.length > 0;
  }

  private lookIntoAll(mesh: Mesh): readonly Withdrawal[] {
    for (const refusal of mesh.refusals()) {
      if (this.inquiries.has(idOf(refusal.place))) continue;
      const settled = this.lookInto(refusal, mesh);
      // The world is another one now, and all were looked into once more.
      if (settled.length > 0) return settled;
    }
    return [];
  }

  private lookInto(refusal: Refusal, mesh: Mesh): readonly Withdrawal[] {
    const id = idOf(refusal.place);
    const known = this.inquiries.get(id);
    const inquiry = known ?? this.open(refusal, mesh);
    if (!inquiry) return [];
    this.inquiries.set(id, inquiry);
    return this.advance(inquiry, mesh);
  }

  private open(refusal: Refusal, mesh: Mesh): Inquiry | undefined {
    const { place, rejection } = refusal;
    const resource = mesh.resource(place);
    // What is no longer wanted in this version may be refused for all we care; what others take is not at fault.
    if (resource?.version !== rejection.version || this.inquiries.size >= INQUIRY_LIMIT) return undefined;
    if (this.unexplained.has(unexplainedId(refusal))) return undefined;
    if (mesh.isHeld(place.type, place.name, rejection.version) || !mayBeConfig(rejection.message))
      return undefined;
    const suspects = suspectsOf(resource, rejection.message, mesh.world(), this.forms);
    return suspects.length > 0 ? new Inquiry(refusal, suspects) : undefined;
  }

  private advance(inquiry: Inquiry | undefined, mesh: Mesh): readonly Withdrawal[] {
    if (!inquiry) return [];
    inquiry.advance(mesh, this.out(), (type, version) => this.refusedVersions.has(`${type} ${version}`));
    if (inquiry.state === 'searching') return [];
    this.inquiries.delete(idOf(inquiry.refusal.place));
    if (inquiry.state === 'none') this.unexplained.add(unexplainedId(inquiry.refusal));
    const settled = [...inquiry.standIns].map(([identity, standIn]) =>
      withdrawalOf(identity, standIn, inquiry.refusal),
    );
    for (const withdrawal of settled) this.found.set(withdrawal.identity, withdrawal);
    if (settled.length > 0) {
      this.onChange('withdrawals');
      mesh.withdraw(this.out());
      this.dropMoot(mesh);
    }
    return [...settled, ...this.lookIntoAll(mesh)];
  }

  private out(): Withdrawn {
    return new Map([...this.found].map(([identity, { standIn }]) => [identity, standIn]));
  }
}

function unexplainedId({ place, rejection }: { place: Place; rejection: Rejection }): string {
  return `${place.type} ${rejection.version}`;
}

function withdrawalOf(identity: string, standIn: Withdrawal['standIn'], refusal: Refusal): Withdrawal {
  const { place, rejection, prober } = refusal;
  const { type, name } = place;
  const { message, at } = rejection;
  return { identity, key: keyOf(identity), standIn, type, name, proxy: prober?.proxy.id, message, at };
}

/** The last so many of what was added. */
class Memory {
  private readonly held = new Set<string>();

  constructor(private readonly limit: number) {}

  has(what: string): boolean {
    return this.held.has(what);
  }

  add(what: string): void {
    this.held.add(what);
    const [oldest] = this.held;
    if (this.held.size > this.limit) this.held.delete(oldest!);
  }
}

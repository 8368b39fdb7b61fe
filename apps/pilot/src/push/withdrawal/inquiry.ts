import type { Config } from '../../model/config.js';
import type { Withdrawn } from '../../model/contract.js';
import { Search } from './search.js';
import type { Suspect } from './suspects.js';
import type { Mesh, Refusal } from './withdrawal.js';

type IsRefused = (type: string, version: string) => boolean;

/** A form of a suspect that may stand in: its place among the suspect's stand-ins. */
interface Choice {
  readonly suspect: Suspect;
  readonly index: number;
}

/**
 * Who is to blame for one refusal: each trial is the resource made anew from a world in which something else stands in
 * for some suspects. What proxies have said of it before decides at once; else the proxy that refused is asked, and no
 * other proxy sees the trial. First the newest earlier forms are tried, then those before, at last leaving out; whoever
 * is found to blame gets the newest of its forms with which the resource is taken.
 */
export class Inquiry {
  private depth = 0;
  private search: Search<Choice>;
  /** The culprits, once they are known, with what stands in for them. */
  private culprits: Map<Suspect, number> | undefined;
  /** Newer forms of culprits that may do as well. */
  private better: Choice[] = [];

  constructor(
    readonly refusal: Refusal,
    private readonly suspects: readonly Suspect[],
  ) {
    this.search = new Search(this.choices());
  }

  get state(): 'searching' | 'found' | 'none' {
    if (this.culprits) return this.better.length > 0 ? 'searching' : 'found';
    return this.search.state;
  }

  /** The culprits, each with what stands in for it from here on; while it is searching, those of this trial. */
  get standIns(): Withdrawn {
    const { culprits, better, search } = this;
    const chosen = culprits ?? new Map(search.leftOut.map(({ suspect, index }) => [suspect, index]));
    const trial = culprits && better[0] ? [[better[0].suspect, better[0].index] as const] : [];
    const entries = [...new Map([...chosen, ...trial])];
    return new Map(
      entries.map(([{ config, standIns }, index]): [string, Config | undefined] => [
        config.toJSON(),
        standIns[index],
      ]),
    );
  }

  /** Whether this asks about the world as it is: the resource is wanted as it was refused, of the same suspects. */
  isAbout(mesh: Mesh): boolean {
    const world = mesh.world();
    const isCurrent = ({ config }: Suspect): boolean => world.config(config.key)?.digest === config.digest;
    const { place, rejection } = this.refusal;
    return mesh.resource(place)?.version === rejection.version && this.suspects.every(isCurrent);
  }

  /** Goes on as far as the answers are known, or asks the proxy. */
  advance(mesh: Mesh, withdrawn: Withdrawn, isRefused: IsRefused): void {
    while (this.state === 'searching') {
      const verdict = this.verdict(mesh, withdrawn, isRefused);
      if (!verdict) return;
      if (this.culprits) this.improve(this.culprits, verdict);
      else this.narrow(verdict);
    }
    this.desist();
  }

  desist(): void {
    const { prober, place } = this.refusal;
    prober?.desist(place.type, place.name);
  }

  /** Whom to try with what: as long as there are earlier forms to try, nobody is left out. */
  private choices(): Choice[] {
    const choices = this.suspects.map((suspect): Choice => {
      const last = this.isDeepest ? suspect.standIns.length : earlier(suspect);
      return { suspect, index: Math.min(this.isDeepest ? last : this.depth, last - 1) };
    });
    return choices.filter(({ index }) => index >= 0);
  }

  private get isDeepest(): boolean {
    return this.depth >= Math.max(...this.suspects.map(earlier));
  }

  private narrow(verdict: 'accepted' | 'refused'): void {
    this.search[verdict]();
    if (this.search.state === 'none' && !this.isDeepest) {
      this.depth++;
      this.search = new Search(this.choices());
    }
    if (this.search.state !== 'found') return;
    const { leftOut } = this.search;
    this.culprits = new Map(leftOut.map(({ suspect, index }) => [suspect, index]));
    this.better = leftOut.flatMap(({ suspect, index }) =>
      Array.from({ length: index }, (_, newer) => ({ suspect, index: newer })),
    );
  }

  private improve(culprits: Map<Suspect, number>, verdict: 'accepted' | 'refused'): void {
    const { suspect, index } = this.better.shift()!;
    if (verdict === 'refused') return;
    culprits.set(suspect, index);
    this.better = this.better.filter((choice) => choice.suspect !== suspect);
  }

  private verdict(
    mesh: Mesh,
    withdrawn: Withdrawn,
    isRefused: IsRefused,
  ): 'accepted' | 'refused' | undefined {
    const { place, prober } = this.refusal;
    const { world } = mesh.world().withdraw(new Map([...withdrawn, ...this.standIns]));
    const resource = mesh.resourceIn(world, place);
    // A resource that is gone is one that nobody refuses.
    if (!resource) return 'accepted';
    if (resource === 'invalid' || isRefused(place.type, resource.version)) return 'refused';
    if (!prober || mesh.isHeld(place.type, place.name, resource.version)) return 'accepted';
    prober.try(place.type, resource);
    return undefined;
  }
}

function earlier({ standIns }: Suspect): number {
  return standIns.filter((standIn) => standIn !== undefined).length;
}

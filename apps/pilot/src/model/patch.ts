import type { EnvoyConfigPatch, EnvoyFilter, PatchTarget } from '#config';
import { encodePatchValue } from '#config';
import type { Config } from './config.js';
import { digestOf } from './config.js';

/** The parts of a proxy's config that EnvoyFilters change, each served as a type of its own. */
export type PatchedPart = 'listener' | 'route' | 'cluster' | 'extension' | 'bootstrap';

export const PART_OF: Readonly<Record<PatchTarget, PatchedPart>> = {
  LISTENER: 'listener',
  LISTENER_FILTER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'route',
  VIRTUAL_HOST: 'route',
  HTTP_ROUTE: 'route',
  CLUSTER: 'cluster',
  EXTENSION_CONFIG: 'extension',
  BOOTSTRAP: 'bootstrap',
};

/**
 * One patch of an EnvoyFilter whose value is known to be a message of Envoy's API. Inside the inputs of a generator it
 * stands for itself by a digest of all that it says.
 */
export class Patch {
  private readonly digest: string;

  private constructor(
    readonly filter: Config<EnvoyFilter>,
    readonly spec: EnvoyConfigPatch,
    /** The encoded value; empty for REMOVE. */
    readonly value: Uint8Array,
  ) {
    const { workloadSelector } = filter.spec;
    this.digest = digestOf(JSON.stringify([workloadSelector, spec]));
  }

  /** Those that can be applied; what is wrong with the others is told where config is checked. */
  static of(filter: Config<EnvoyFilter>): readonly Patch[] {
    let patches = known.get(filter);
    if (!patches) {
      patches = (filter.spec.configPatches ?? []).flatMap((spec) => {
        const read = encodePatchValue(spec.applyTo, spec.patch?.value);
        return read.ok ? [new Patch(filter, spec, read.bytes)] : [];
      });
      known.set(filter, patches);
    }
    return patches;
  }

  get operation(): NonNullable<NonNullable<EnvoyConfigPatch['patch']>['operation']> {
    return this.spec.patch?.operation ?? 'INVALID';
  }

  get part(): PatchedPart {
    return PART_OF[this.spec.applyTo];
  }

  toJSON(): string {
    return `${this.filter.key}@${this.digest}`;
  }
}

const known = new WeakMap<Config<EnvoyFilter>, readonly Patch[]>();

/** The name that a patch's value has, as it is written. */
export function nameIn(patch: Patch): string {
  const name = patch.spec.patch?.value?.['name'];
  return typeof name === 'string' ? name : '';
}

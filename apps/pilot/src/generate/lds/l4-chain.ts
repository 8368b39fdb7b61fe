import type { ResourceKey } from '#config';
import type { Dialect } from '../../model/service.js';
import { normalisedCidr } from '../common/cidr.js';

/** What a filter chain asks of a connection; an empty list asks nothing. */
export interface L4Match {
  /** SNI hosts, `*.example.com` among them. */
  readonly serverNames: readonly string[];
  /** Normalised, as {@link normalisedCidr} makes them. */
  readonly destinationSubnets: readonly string[];
  readonly sourceSubnets: readonly string[];
}

export interface L4Target {
  readonly cluster: string;
  /** Its share of the sum of all weights. */
  readonly weight: number;
}

/** Connections that are not looked into beyond their SNI, and where they go. */
export interface L4Chain {
  /** Where it is not a service's. */
  readonly name?: string;
  readonly match: L4Match;
  /** At least one. */
  readonly targets: readonly L4Target[];
  /** Name of the statistics where there are several targets; a single one has its own name. */
  readonly statPrefix: string;
  /** What is read, not only carried. */
  readonly dialect?: Dialect;
  /** The service that it is for. */
  readonly host?: string;
  /** The VirtualService, or the service, that says so. */
  readonly config?: ResourceKey;
}

export const ANY_CONNECTION: L4Match = { serverNames: [], destinationSubnets: [], sourceSubnets: [] };

/** What Envoy can match of these SNI hosts: nothing is asked where one of them stands for all. */
export function serverNamesOf(sniHosts: readonly string[]): string[] {
  if (sniHosts.includes('*')) return [];
  const names = sniHosts.map((host) => host.toLowerCase());
  return [...new Set(names)].filter((name) => !name.replace(/^\*\./, '').includes('*'));
}

export function subnetsOf(subnets: readonly string[]): string[] {
  return [...new Set(subnets.flatMap((subnet) => normalisedCidr(subnet) ?? []))];
}

export interface Disjoint<Chain extends Matching = L4Chain> {
  readonly chains: readonly Chain[];
  /** Chains that lost all or part of what they match to an earlier one, and to which. */
  readonly conflicts: readonly { readonly loser: Chain; readonly winner: Chain }[];
}

interface Matching {
  readonly match: L4Match;
}

/**
 * Envoy refuses a listener as a whole in which two chains ask for the same. The earlier chain keeps what it asks for,
 * a later one what is left of its own.
 */
export function disjoint<Chain extends Matching>(chains: readonly Chain[]): Disjoint<Chain> {
  const owners = new Map<string, Chain>();
  const conflicts = new Map<Chain, Chain>();
  const kept = chains.flatMap((chain) => {
    const atoms = atomsOf(chain.match).map((match) => ({ match, key: JSON.stringify(match) }));
    const free = atoms.filter(({ key }) => !owners.has(key));
    const winner = atoms.map(({ key }) => owners.get(key)).find((owner) => owner !== undefined);
    if (winner) conflicts.set(chain, winner);
    for (const { key } of free) owners.set(key, chain);
    return winner ? free.map(({ match }) => ({ ...chain, match })) : [chain];
  });
  return { chains: kept, conflicts: [...conflicts].map(([loser, winner]) => ({ loser, winner })) };
}

/** A match with at most one value in each respect for every combination of its values. */
function atomsOf({ serverNames, destinationSubnets, sourceSubnets }: L4Match): L4Match[] {
  const each = (values: readonly string[]): string[][] =>
    values.length > 0 ? values.map((value) => [value]) : [[]];
  return each(serverNames).flatMap((name) =>
    each(destinationSubnets).flatMap((destination) =>
      each(sourceSubnets).map((source) => {
        return { serverNames: name, destinationSubnets: destination, sourceSubnets: source };
      }),
    ),
  );
}

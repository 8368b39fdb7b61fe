import { describe, expect, it } from '@jest/globals';
import type { L4Chain, L4Match } from './l4-chain.js';
import { ANY_CONNECTION, disjoint, serverNamesOf, subnetsOf } from './l4-chain.js';

const chain = (cluster: string, match: Partial<L4Match>): L4Chain => ({
  match: { ...ANY_CONNECTION, ...match },
  targets: [{ cluster, weight: 1 }],
  statPrefix: cluster,
});

describe('disjoint', () => {
  it('leaves chains alone that ask for different things', () => {
    const chains = [chain('a', { serverNames: ['a'] }), chain('b', { serverNames: ['b'] }), chain('c', {})];
    expect(disjoint(chains)).toEqual({ chains, conflicts: [] });
  });

  it('takes from a later chain what an earlier one asks for, and says so', () => {
    const [first, second] = [
      chain('a', { serverNames: ['x', 'y'] }),
      chain('b', { serverNames: ['y', 'z'] }),
    ];
    const { chains, conflicts } = disjoint([first, second]);
    expect(chains).toEqual([first, chain('b', { serverNames: ['z'] })]);
    expect(conflicts).toEqual([{ loser: second, winner: first }]);
  });

  it('looks at combinations, not at each list by itself', () => {
    const first = chain('a', { serverNames: ['x'], destinationSubnets: ['10.0.0.0/8'] });
    const second = chain('b', { serverNames: ['x'], destinationSubnets: ['10.0.0.0/8', '11.0.0.0/8'] });
    expect(disjoint([first, second]).chains).toEqual([
      first,
      chain('b', { serverNames: ['x'], destinationSubnets: ['11.0.0.0/8'] }),
    ]);
  });

  it('leaves nothing of a chain whose all is taken', () => {
    expect(disjoint([chain('a', {}), chain('b', {})]).chains).toEqual([chain('a', {})]);
  });
});

it('asks Envoy for no name that it cannot match', () => {
  expect(serverNamesOf(['A.example.com', '*.example.com', '*mple.com'])).toEqual([
    'a.example.com',
    '*.example.com',
  ]);
  expect(serverNamesOf(['a.example.com', '*'])).toEqual([]);
});

it('gives equal subnets once', () => {
  expect(subnetsOf(['10.0.0.1/8', '10.9.9.9/8', 'nonsense'])).toEqual(['10.0.0.0/8']);
});

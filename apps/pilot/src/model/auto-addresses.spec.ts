import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AutoAddresses } from './auto-addresses.js';

const host = (index: number): string => `host-${index}.example.com`;

function given(hosts: Iterable<string>): AutoAddresses {
  let addresses = AutoAddresses.empty;
  for (const each of hosts) addresses = addresses.with(each, new Set());
  return addresses;
}

describe('automatic addresses', () => {
  it('are in 240.240.0.0/16, one for each host, and lead back to it', () => {
    const hosts = Array.from({ length: 5_000 }, (_, index) => host(index));
    const addresses = given(hosts);
    const found = hosts.map((each) => addresses.addressOf(each) ?? '');
    for (const address of found)
      expect(address).toMatch(/^240\.240\.\d+\.([1-9]|\d\d|1\d\d|2[0-4]\d|25[0-4])$/);
    expect(new Set(found).size).toBe(hosts.length);
    expect(found.map((address) => addresses.hostAt(address))).toEqual(hosts);
  });

  it('do not depend on who came first, or has left, and those that move are named', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => host(index));
    const base = given(many);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }), (toggles) => {
        const present = new Set(many);
        let addresses = base;
        for (const each of toggles.map(host)) {
          const moved = new Set<string>();
          const before = addresses;
          const leaves = present.delete(each);
          if (!leaves) present.add(each);
          addresses = leaves ? addresses.without(each, moved) : addresses.with(each, moved);
          const differs = [...present].filter(
            (other) => other !== each && before.addressOf(other) !== addresses.addressOf(other),
          );
          expect(differs.sort()).toEqual([...moved].sort());
          expect(moved.size).toBeLessThan(5);
        }
        const fresh = given([...present].reverse());
        for (const each of present) expect(addresses.addressOf(each)).toBe(fresh.addressOf(each));
      }),
      { numRuns: 3 },
    );
  });

  it('of nobody lead nowhere', () => {
    expect(given([host(1)]).hostAt('10.0.0.1')).toBeUndefined();
    expect(given([host(1)]).hostAt('240.240.0.0')).toBeUndefined();
    expect(given([host(1)]).addressOf(host(2))).toBeUndefined();
  });
});

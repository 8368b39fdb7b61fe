import { describe, expect, it } from '@jest/globals';
import type { RegisteredService, RegistryChange } from '../model/registry.js';
import type { Endpoint } from '../model/service.js';
import { RemovalHold } from './removal-hold.js';

const LIMITS = { share: 0.5, minimum: 5, windowMs: 10_000, limitMs: 60_000 };
const ID = 'default/a.default.svc.cluster.local';
const LATER = 100_000;

/** The service with these endpoints, as one registry says. */
function says(addresses: readonly string[] | undefined, registry = 'one'): RegistryChange {
  const endpoints = addresses?.map((address) => ({ address, ports: {} }) as unknown as Endpoint);
  const service = endpoints && ({ endpoints, idle: [], selectors: [] } as unknown as RegisteredService);
  const services = new Map([[ID, service]]);
  return { kind: 'registry', registry: { id: registry, rank: 0 }, services, workloads: new Map() };
}

const some = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, n) => `10.0.0.${from + n}`);
const inForce = ({ services }: RegistryChange): string[] | undefined =>
  services
    .get(ID)
    ?.endpoints.map(({ address }) => address)
    .sort();

function holdWith(count: number, limits = LIMITS): RemovalHold {
  const hold = new RemovalHold(limits);
  hold.admit(says(some(count)), 0);
  return hold;
}

describe('RemovalHold', () => {
  it('keeps endpoints that go all at once, and tells of it', () => {
    const hold = holdWith(10);
    expect(inForce(hold.admit(says(some(4)), LATER))).toEqual(some(10).sort());
    const told = { registry: 'one', service: ID, before: 10, left: 4, kept: 6 };
    expect(hold.held).toEqual([{ ...told, since: LATER, until: LATER + 60_000 }]);
  });

  it.each([
    ['half of them', 10, 5],
    ['most of a few', 4, 1],
    ['one of two', 2, 1],
  ])('lets %s go', (_what, before, after) => {
    const hold = holdWith(before);
    expect(inForce(hold.admit(says(some(after)), LATER))).toEqual(some(after).sort());
    expect(hold.held).toEqual([]);
  });

  it('lets the service go, and those that others replace', () => {
    const hold = holdWith(10);
    expect(inForce(hold.admit(says(some(10, 100)), LATER))).toEqual(some(10, 100).sort());
    expect(inForce(hold.admit(says(undefined), LATER))).toBeUndefined();
    expect(hold.held).toEqual([]);
  });

  it('counts the steps of one sudden removal together, and not those of a slow one', () => {
    const sudden = holdWith(10);
    for (const left of [8, 6]) sudden.admit(says(some(left)), LATER + (10 - left));
    expect(inForce(sudden.admit(says(some(4)), LATER + 10))).toEqual(some(6).sort());
    const slow = holdWith(10);
    for (const left of [8, 6, 4, 3])
      expect(inForce(slow.admit(says(some(left)), LATER * (11 - left)))).toEqual(some(left).sort());
  });

  it('takes what is new at once meanwhile, and forgets it all when the endpoints come back', () => {
    const hold = holdWith(10);
    hold.admit(says([]), LATER);
    const wanted = [...some(10), ...some(1, 200)].sort();
    expect(inForce(hold.admit(says(some(1, 200)), LATER + 1))).toEqual(wanted);
    expect(inForce(hold.admit(says(some(9)), LATER + 2))).toEqual(some(9).sort());
    expect(hold.held).toEqual([]);
    expect(hold.due(2 * LATER)).toEqual([]);
  });

  it('lets them go after its time, whatever happened meanwhile', () => {
    const hold = holdWith(10);
    hold.admit(says(some(3)), LATER);
    hold.admit(says(some(2)), LATER + 30_000);
    expect(hold.due(LATER + 59_999)).toEqual([]);
    expect(hold.due(LATER + 60_000).map(inForce)).toEqual([some(2).sort()]);
    expect(hold.held).toEqual([]);
    expect(inForce(hold.admit(says(some(1)), LATER + 60_001))).toEqual(some(1).sort());
  });

  it('asks about each registry by itself, and about none where it is turned off', () => {
    const hold = holdWith(10);
    hold.admit(says(some(10, 100), 'two'), 0);
    hold.admit(says([], 'two'), LATER);
    expect(inForce(hold.admit(says(some(9)), LATER))).toEqual(some(9).sort());
    expect(hold.held.map(({ registry }) => registry)).toEqual(['two']);
    const off = holdWith(10, { ...LIMITS, share: 0 });
    expect(inForce(off.admit(says([]), LATER))).toEqual([]);
  });
});

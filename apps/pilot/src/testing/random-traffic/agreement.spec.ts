import { describe, expect, it } from '@jest/globals';
import { disagreements, show } from './agreement.js';
import { tried } from './hits.js';
import { faultsOf } from './planted-faults.js';
import { scenario } from './scenario.js';

const SEED = Number(process.env['QUARTET_SEED'] ?? 1);
const PORTS = { 80: 30080, 8080: 38080 };
const PLACES = ['sidecar', 'gateway'] as const;

describe.each(PLACES)(`oracle and simulator of a %s (QUARTET_SEED=${SEED})`, (place) => {
  const made = scenario({ seed: SEED, sets: 200, requests: 10_000, ports: PORTS, place });

  it('agree on every request', () => {
    expect(show(disagreements(made))).toBe('');
  });

  it('have been asked about every field, and about much that no route is for', () => {
    const { hits, unspecific } = tried(made);
    expect([...hits].filter(([, count]) => count < 50)).toEqual([]);
    expect(hits.size).toBeGreaterThan(120);
    expect(unspecific / made.requests.length).toBeGreaterThan(0.2);
  });
});

/** The agreement above would mean little if it could not end. Not every draw tries all that a fault may spoil; this does. */
describe.each(PLACES)('a planted fault is noticed at a %s', (place) => {
  const made = scenario({ seed: 1, sets: 40, requests: 4_000, ports: PORTS, place });
  const { generators, simulator } = faultsOf(place);

  it.each(generators)('in what is generated: $name', (fault) => {
    expect(disagreements(made, fault, 1)).toHaveLength(1);
  });

  it.each(simulator)('in the simulator: $name', (fault) => {
    expect(disagreements(made, fault, 1)).toHaveLength(1);
  });
});

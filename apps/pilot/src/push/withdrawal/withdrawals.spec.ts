import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Operation } from '#common/config-log';
import { key, PickyMesh, route, rule, service, type Form } from './testing/picky-mesh.js';

const HOSTS = ['a', 'b', 'c'] as const;
const host = fc.constantFrom(...HOSTS);
const form: fc.Arbitrary<Form> = fc.record({ good: fc.boolean(), text: fc.constantFrom('x', 'y', 'z') });
const edit: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(host, form).map(([name, of]) => route(name, of)) },
  { weight: 6, arbitrary: fc.tuple(host, form).map(([name, of]) => rule(name, of)) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('d', 'e'), form).map(([name, of]) => service(name, of)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('VirtualService', 'DestinationRule'), host)
      .map(([kind, name]): Operation => ({ op: 'delete', key: key(kind, name) })),
  },
);

describe('what proxies refuse', () => {
  const good: Form = { good: true, text: 'x' };
  const bad: Form = { good: false, text: 'y' };

  it('is withdrawn to its last good form, without a further question where one thing changed', () => {
    const mesh = PickyMesh.of(...HOSTS);
    mesh.commit(route('a', good));
    mesh.settle();
    const before = mesh.held();
    mesh.commit(route('a', bad));
    mesh.settle();
    expect(mesh.withdrawn()).toEqual([[key('VirtualService', 'a'), 'last good form']]);
    expect(mesh.held()).toEqual(before);
    expect(mesh.refusals).toBe(1);
    mesh.commit(route('a', { good: true, text: 'z' }));
    mesh.settle();
    expect(mesh.withdrawn()).toEqual([]);
    expect(mesh.refusals).toBe(1);
  });

  it('is left out where it never had a good form', () => {
    const mesh = PickyMesh.of(...HOSTS);
    const before = mesh.held();
    mesh.commit(rule('a', bad), service('d', bad));
    mesh.settle();
    expect(mesh.withdrawn()).toEqual([
      [key('DestinationRule', 'a'), 'nothing'],
      [key('ServiceEntry', 'd'), 'nothing'],
    ]);
    expect(mesh.held()).toEqual(before);
  });

  it('does not reach the proxies that have not got it yet, nor those that come later', () => {
    const mesh = PickyMesh.of(...HOSTS);
    const second = mesh.connect('second');
    mesh.settle();
    mesh.commit(route('b', bad));
    mesh.settle();
    expect(mesh.refusals).toBe(1);
    expect(second.refusals).toBe(0);
    const third = mesh.connect('third');
    mesh.settle();
    expect(third.refusals).toBe(0);
  });

  it('is found out about by another proxy where the one that was asked goes away', () => {
    const mesh = PickyMesh.of();
    const first = mesh.connect('first');
    mesh.commit(service('a', good), route('a', bad), rule('a', good));
    const second = mesh.connect('second');
    // Both refuse the table, and the first is asked.
    for (const client of [first, second]) while (client.refusals === 0) client.step();
    mesh.disconnect(first);
    mesh.settle();
    expect(mesh.withdrawn()).toEqual([[key('VirtualService', 'a'), 'nothing']]);
  });

  it('is not withdrawn where another proxy takes it, or the host is at fault', () => {
    const tolerant = PickyMesh.of(...HOSTS);
    const odd = tolerant.connect('odd');
    tolerant.settle();
    for (const client of tolerant.clients) if (client !== odd) client.complaint = undefined;
    tolerant.commit(route('a', bad));
    tolerant.settle();
    expect(tolerant.withdrawn()).toEqual([]);

    const host = PickyMesh.of(...HOSTS);
    for (const client of host.clients) client.complaint = "cannot bind '0.0.0.0:80': Address already in use";
    host.commit(route('a', bad));
    host.settle();
    expect(host.withdrawn()).toEqual([]);
  });

  it('stays withdrawn over a restart, and its last good form in force', () => {
    const mesh = PickyMesh.of(...HOSTS);
    mesh.commit(route('a', good));
    mesh.settle();
    mesh.commit(route('a', bad));
    mesh.settle();
    const held = mesh.held();
    const again = mesh.restarted();
    again.connect('anew');
    again.settle();
    expect(again.refusals).toBe(0);
    expect(again.held()).toEqual(held);
  });

  it('is all that is withdrawn, whatever was edited with it, by few questions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }), {
          maxLength: 6,
        }),
        (history) => {
          const mesh = PickyMesh.of(...HOSTS);
          mesh.connect('second');
          for (const commits of history) {
            const before = mesh.refusals;
            for (const operations of commits) mesh.commit(...operations);
            mesh.settle();
            expect(mesh.inForce()).toEqual(mesh.expected());
            expect(mesh.held()).toEqual(mesh.fresh());
            expect(mesh.refusals - before).toBeLessThanOrEqual(12 * commits.flat().length);
          }
          const newcomer = mesh.connect('newcomer');
          mesh.settle();
          expect(newcomer.refusals).toBe(0);
        },
      ),
      { numRuns: 60, seed: 20261123 },
    );
  });
});

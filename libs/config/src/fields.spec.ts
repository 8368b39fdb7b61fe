import { describe, expect, it } from '@jest/globals';
import { fieldsIn, fieldsOf } from './fields.js';
import { findKind } from './kinds/registry.js';
import type { Kind } from './kinds/registry.js';

const kind = (name: string): Kind => findKind('networking.istio.io', name) as Kind;

describe('the fields of a kind', () => {
  it('are the leaves of its schema, lists and maps without their indexes and keys', () => {
    const paths = fieldsOf(kind('VirtualService')).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['hosts[]', 'http[].match[].headers{}.exact', 'http[].route[].weight']),
    );
    expect(paths).not.toContain('http[]');
  });

  it('say whether they have an effect', () => {
    const fields = fieldsOf(kind('VirtualService'));
    const found = fields.find(({ path }) => path === 'http[].fault.delay.exponentialDelay');
    expect(found).toMatchObject({ supported: false, because: expect.stringContaining('Istio') });
  });

  it('are found in a spec, whichever way it writes them', () => {
    const spec = {
      hosts: ['a'],
      http: [{ match: [{ headers: { x: { exact: 'a' } }, source_labels: { b: 'c' } }] }],
    };
    expect([...fieldsIn(kind('VirtualService'), spec)].sort()).toEqual([
      'hosts[]',
      'http[].match[].headers{}.exact',
      'http[].match[].sourceLabels{}',
    ]);
  });

  it('are none where a spec has another shape', () => {
    expect([...fieldsIn(kind('VirtualService'), { hosts: 'a', http: { match: 3 }, unknown: 1 })]).toEqual([]);
  });
});

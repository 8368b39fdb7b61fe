import { describe, expect, it } from '@jest/globals';
import { diagnostic, KINDS } from '#config';
import { admit, isRefusal, rehearsals } from './admit.js';

const object = (spec: unknown, rest: object = {}) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'reviews', managedFields: [{}], ...rest },
  spec,
});
const request = (value: unknown, operation = 'CREATE') => ({
  ...{ uid: '1', operation, name: '', namespace: 'default' },
  object: value,
});
const route = { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews' } }] }] };
const nothing = () => [];

describe('admission', () => {
  it('allows what is valid, with what should be looked at', () => {
    expect(admit(request(object(route)), nothing)).toEqual({ allowed: true, warnings: [] });
    const among = () => [
      diagnostic('reference', 'referenced host not found', {
        origin: { file: '', line: 0 },
        path: 'spec.http[0]',
      }),
    ];
    expect(admit(request(object(route)), among).warnings).toEqual([
      'spec.http[0]: referenced host not found [IST0101]',
    ]);
  });

  it('refuses with path, reason and code; what stands beside it matters no more then', () => {
    const { allowed, message } = admit(request(object({ hosts: ['a b'] })), () => {
      throw new Error('not asked');
    });
    expect(allowed).toBe(false);
    expect(message).toMatch(/^configuration is invalid: spec\.hosts\[0\]: .*\[IST0106\]/);
    expect(isRefusal(`admission webhook "x" denied the request: ${message}`)).toBe(true);
  });

  it('takes a name that is yet to be made up, and lets everything be deleted', () => {
    const generated = object(route, { name: undefined, generateName: 'reviews-' });
    expect(admit(request(generated), nothing).allowed).toBe(true);
    expect(admit(request(undefined, 'DELETE'), nothing).allowed).toBe(true);
  });

  it.each([
    ['no object', undefined],
    ['a list', []],
    ['no metadata', { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService' }],
    ['a kind that Istio has not', { ...object(route), kind: 'VirtualServise' }],
    [
      'mesh settings that are no YAML',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio' }, data: { mesh: '{' } },
    ],
    [
      'what is nested without end',
      object({ ...route, deep: JSON.parse('['.repeat(3_000) + ']'.repeat(3_000)) as unknown }),
    ],
  ])('refuses %s', (_what, value) => {
    const verdict = admit(request(value), nothing);
    expect(verdict.allowed).toBe(false);
    expect(verdict.message).toMatch(/^configuration is invalid: /);
  });

  it('allows kinds that are only kept, and says that they have no effect', () => {
    const plugin = {
      ...object({ url: 'x' }),
      apiVersion: 'extensions.istio.io/v1alpha1',
      kind: 'WasmPlugin',
    };
    const verdict = admit(request(plugin), nothing);
    expect(verdict).toMatchObject({ allowed: true, warnings: [expect.stringContaining('QT0005')] });
  });

  it('is rehearsed with one object of every kind that is read', () => {
    const kinds = rehearsals().map((one) => (one.object as { kind: string }).kind);
    expect(kinds.sort()).toEqual(KINDS.map(({ kind }) => kind).sort());
    for (const one of rehearsals()) expect(() => admit(one, nothing)).not.toThrow();
  });
});

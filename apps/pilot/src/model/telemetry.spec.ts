import { describe, expect, it } from '@jest/globals';
import type { Telemetry } from '#config';
import { OF_MESH, loggingFor, tracingFor } from './telemetry.js';

const to = (...names: string[]) => ({ providers: names.map((name) => ({ name })) });
const logging = (...accessLogging: NonNullable<Telemetry['accessLogging']>): Telemetry => ({ accessLogging });
const tracing = (...entries: NonNullable<Telemetry['tracing']>): Telemetry => ({ tracing: entries });

describe('access logging', () => {
  it.each<[string, Telemetry[], string[], string[]]>([
    ['is left to MeshConfig where nobody says anything', [], [], [OF_MESH]],
    ['goes to the default providers', [], ['envoy'], ['envoy']],
    ['goes where the resource says', [logging(to('a', 'b'))], ['envoy'], ['a', 'b']],
    ['goes where the most specific resource says', [logging(to('a')), logging(to('b'))], [], ['b']],
    ['is added up within a resource', [logging(to('a'), to('b'))], [], ['a', 'b']],
    [
      'has the providers of the resource before where it names none',
      [logging(to('a')), logging({})],
      [],
      ['a'],
    ],
    ['is off where it is disabled', [logging(to('a')), logging({ disabled: true })], [], []],
    [
      'is off for one provider',
      [logging(to('a', 'b')), logging({ ...to('a'), disabled: true }, to('b'))],
      [],
      ['b'],
    ],
    ['is off by a disabled default', [logging({ disabled: true })], ['envoy'], []],
    ['is on again below', [logging({ ...to('a'), disabled: true }), logging({})], [], ['a']],
    ['is for clients only', [logging({ ...to('a'), match: { mode: 'CLIENT' } })], [], ['a']],
    [
      'is left to MeshConfig where only servers are spoken of',
      [logging({ ...to('a'), match: { mode: 'SERVER' } })],
      [],
      [OF_MESH],
    ],
    [
      'does not take over what is said of servers',
      [logging(to('a')), logging({ ...to('b'), match: { mode: 'SERVER' } })],
      [],
      ['a'],
    ],
    ['is of no concern to who has only tracing', [tracing({})], [], [OF_MESH]],
    ['of the mesh itself is off where it is disabled', [logging({ disabled: true })], [], []],
    ['takes the place of that of the mesh', [logging(to('a'))], [], ['a']],
  ])('%s', (_name, resources, defaults, expected) => {
    expect(loggingFor(resources, defaults, 'CLIENT').map(({ provider }) => provider)).toEqual(expected);
  });

  it('has the filter of the most specific resource', () => {
    const general = logging({ ...to('a'), filter: { expression: 'one' } });
    expect(loggingFor([general, logging({ filter: { expression: 'two' } })], [], 'SERVER')).toEqual([
      { provider: 'a', filter: 'two' },
    ]);
    expect(loggingFor([logging({ filter: { expression: 'three' } })], [], 'SERVER')).toEqual([
      { provider: OF_MESH, filter: 'three' },
    ]);
  });
});

describe('tracing', () => {
  it('is left to the proxy where nobody says anything', () =>
    expect(tracingFor([], [], 'CLIENT')).toBeUndefined());

  it('is off without a provider, and where spans are not to be reported', () => {
    expect(tracingFor([tracing({})], [], 'CLIENT')).toBe('off');
    expect(tracingFor([tracing(to('a')), tracing({ disableSpanReporting: true })], [], 'CLIENT')).toBe('off');
  });

  it('takes each setting from the most specific resource that states it', () => {
    const general = tracing({
      ...to('a'),
      randomSamplingPercentage: 5,
      customTags: { x: { literal: { value: '1' } } },
    });
    const special = tracing({ randomSamplingPercentage: 50, enableIstioTags: false });
    expect(tracingFor([general, special], ['z'], 'SERVER')).toEqual({
      provider: 'a',
      sampling: 50,
      tags: { x: { literal: { value: '1' } } },
      useRequestId: true,
      istioTags: false,
      propagates: true,
    });
  });

  it('tells clients from servers', () => {
    const both = tracing(
      { ...to('a'), match: { mode: 'CLIENT' } },
      { ...to('b'), match: { mode: 'SERVER' }, disableContextPropagation: true },
    );
    expect(tracingFor([both], [], 'CLIENT')).toMatchObject({ provider: 'a', propagates: true });
    expect(tracingFor([both], [], 'SERVER')).toMatchObject({ provider: 'b', propagates: false });
  });
});

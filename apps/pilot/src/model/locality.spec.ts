import { describe, expect, it } from '@jest/globals';
import { distance, isWithin, labelAt, localityOfLabels, parseLocality } from './locality.js';

const HERE = parseLocality('us/east/1');

describe('localities', () => {
  it.each([
    ['*', true],
    ['us/*', true],
    ['us', true],
    ['us/east/*', true],
    ['us/east/1', true],
    ['us/east/2', false],
    ['us/west/*', false],
    ['eu/*', false],
  ])('us/east/1 is within %s: %j', (pattern, within) => expect(isWithin(HERE, pattern)).toBe(within));

  it.each([
    ['us/east/1', 0],
    ['us/east/2', 1],
    ['us/west/1', 2],
    ['eu/east/1', 3],
    ['', 3],
  ])('%s is as far as %j', (other, far) => expect(distance(HERE, parseLocality(other))).toBe(far));

  it('answer for labels that are missing', () => {
    const label = 'topology.kubernetes.io/zone';
    expect(labelAt(label, {}, () => HERE)).toBe('east');
    expect(labelAt(label, { [label]: 'west' }, () => HERE)).toBe('west');
    expect(labelAt('rack', {}, () => HERE)).toBe('');
  });

  it('stand in labels, with dots where no slash may be', () => {
    expect(localityOfLabels({ 'istio-locality': 'us.east.1' })).toEqual(HERE);
    expect(
      localityOfLabels({ 'istio-locality': 'us-west', 'topology.istio.io/locality': 'us/east/1' }),
    ).toEqual(HERE);
    expect(localityOfLabels({})).toBeUndefined();
  });
});

import { expect, it } from '@jest/globals';
import { cidrRange, normalisedCidr } from './cidr.js';

it.each([
  ['10.1.2.3', '10.1.2.3/32'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1/128'],
  ['2001:db8:ffff::/33', '2001:db8:8000:0:0:0:0:0/33'],
  ['::ffff:10.0.0.1/112', '0:0:0:0:0:ffff:a00:0/112'],
])('%s is %s', (text, expected) => expect(normalisedCidr(text)).toBe(expected));

it.each(['', 'a', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/-1', '::1/129'])('%j is no range', (text) => {
  expect(normalisedCidr(text)).toBeUndefined();
});

it('is given to Envoy in two parts', () => {
  expect(cidrRange('10.0.0.0/8')).toEqual({ addressPrefix: '10.0.0.0', prefixLen: { value: 8 } });
});

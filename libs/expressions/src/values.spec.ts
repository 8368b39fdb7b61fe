import { describe, expect, it } from '@jest/globals';
import { Duration, formatValue, IpAddress, parseDuration, parseTimestamp, Timestamp } from './index.js';

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['1ns', 1],
    ['1.5µs', 1500],
    ['20ms', 20e6],
    ['1.5s', 1.5e9],
    ['1m0s', 60e9],
    ['1h0m0.5s', 3600.5e9],
    ['-2m3.004s', -123.004e9],
  ])('%s', (text, nanos) => {
    expect(parseDuration(text)?.nanos).toBe(nanos);
    expect(String(new Duration(nanos))).toBe(text);
  });

  it.each(['', 's', '1', '1 s', '1d', '1h1', '.s', '1e3s', '+-1s', '9'.repeat(62) + 'h'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('timestamps', () => {
  it.each([
    ['2019-11-14T12:00:00Z', '2019-11-14T12:00:00Z'],
    ['2019-11-14T12:00:00.120+02:00', '2019-11-14T10:00:00.12Z'],
    ['1969-12-31T23:59:59.000000001Z', '1969-12-31T23:59:59.000000001Z'],
  ])('%s', (text, shown) => {
    expect(String(parseTimestamp(text))).toBe(shown);
  });

  it.each(['', '2019-11-14', '2019-13-01T00:00:00Z', '2019-02-29T00:00:00Z', '2019-11-14T25:00:00Z'])(
    'refuses %j',
    (text) => {
      expect(parseTimestamp(text)).toBeUndefined();
    },
  );

  it('counts from milliseconds', () => {
    expect(String(Timestamp.ofMillis(1500))).toBe('1970-01-01T00:00:01.5Z');
  });
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ])('%s', (text, shown) => {
    expect(IpAddress.parse(text)?.text).toBe(shown);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:8:9',
  ])('refuses %j', (text) => {
    expect(IpAddress.parse(text)).toBeUndefined();
  });
});

it('shows values as texts', () => {
  expect(
    formatValue(
      new Map([
        ['b', '2'],
        ['a', '1'],
      ]),
    ),
  ).toBe('{"a":"1","b":"2"}');
  expect([formatValue(true), formatValue(1.5), formatValue('x')]).toEqual(['true', '1.5', 'x']);
});

import { describe, expect, it } from '@jest/globals';
import { newRootFiles } from '../rotate/test-root.js';
import { formatTerms, mergeTrust, readTerms, sameRoots, trustBundle, trustRoots } from './trusted-roots.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1, 12);
const root = (notAfter = NOW + 365 * DAY): string => newRootFiles({ notAfter })['root-cert.pem'];
const one = root();
const other = root();
const none = new Map<string, number>();

describe('trustRoots', () => {
  it('lasts as long as a certificate may that is signed now, to the end of the day', () => {
    const morning = trustRoots(none, one, { now: NOW, lifetime: 2 * DAY });
    expect([...morning]).toEqual([[one, Date.UTC(2026, 0, 4)]]);
    const evening = trustRoots(none, one, { now: NOW + DAY / 3, lifetime: 2 * DAY });
    expect(evening).toEqual(morning);
  });

  it('ends with the root itself', () => {
    const short = root(NOW + DAY);
    expect([...trustRoots(none, short, { now: NOW, lifetime: 2 * DAY })]).toEqual([[short, NOW + DAY]]);
  });

  it('forgets what has ended, and never shortens what was promised', () => {
    const before = new Map([
      [one, NOW + 30 * DAY],
      [other, NOW],
    ]);
    expect([...trustRoots(before, one, { now: NOW, lifetime: DAY })]).toEqual([[one, NOW + 30 * DAY]]);
  });
});

describe('mergeTrust', () => {
  it('takes the later end, whoever speaks first', () => {
    const mine = new Map([[one, NOW + 1]]);
    const theirs = new Map([
      [one, NOW + 2],
      [other, NOW + 3],
    ]);
    expect(mergeTrust(mine, theirs, NOW)).toEqual(theirs);
    expect(mergeTrust(theirs, mine, NOW)).toEqual(theirs);
  });
});

describe('trustBundle', () => {
  it('is the text of the authority as it is, where nobody else is trusted', () => {
    const text = `# ours\n${one}`;
    expect(trustBundle(text, new Map([[one, NOW + 1]]), NOW)).toBe(text);
  });

  it('has the others after it until they end', () => {
    const trusted = new Map([[other, NOW + 1]]);
    expect(trustBundle(one, trusted, NOW)).toBe(one + other);
    expect(trustBundle(one, trusted, NOW + 1)).toBe(one);
  });
});

describe('sameRoots', () => {
  it('does not ask for the order', () => {
    expect(sameRoots(one + other, other + one)).toBe(true);
    expect(sameRoots(one + other, one)).toBe(false);
    expect(sameRoots(one, 'x')).toBe(false);
  });
});

describe('terms', () => {
  const trusted = new Map([
    [one, NOW + DAY],
    [other, NOW + 2 * DAY],
  ]);

  it('are read as they were written, whatever the order', () => {
    const text = formatTerms(trusted);
    expect(formatTerms(new Map([...trusted].reverse()))).toBe(text);
    expect(readTerms(other + one, text)).toEqual(trusted);
  });

  it('count for nothing without the certificate, and a certificate for nothing without them', () => {
    expect([...readTerms(one, formatTerms(trusted))]).toEqual([[one, NOW + DAY]]);
    for (const text of ['', 'x', 'null', '[]', '{"a":1}']) expect([...readTerms(one, text)]).toEqual([]);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect([...readTerms(broken + one, formatTerms(trusted))]).toEqual([[one, NOW + DAY]]);
  });
});

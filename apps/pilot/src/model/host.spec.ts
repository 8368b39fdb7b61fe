import { describe, expect, it } from '@jest/globals';
import { fullHost, hostAndPort, intersectHosts, isCoveredBy, moreSpecificFirst, shortNames } from './host.js';

describe('hosts', () => {
  it('completes short names with the namespace of the config that has them', () => {
    expect(fullHost('reviews', 'backend')).toBe('reviews.backend.svc.cluster.local');
    expect(fullHost('example.com', 'backend')).toBe('example.com');
    expect(fullHost('*', 'backend')).toBe('*');
    expect(fullHost('::1', 'backend')).toBe('::1');
  });

  it.each([
    ['a.example.com', '*.example.com', true],
    ['*.a.example.com', '*.example.com', true],
    ['*.example.com', 'a.example.com', false],
    ['example.com', '*.example.com', false],
    ['a.com', '*', true],
    ['a.com', 'a.com', true],
  ])('%s is covered by %s: %s', (host, pattern, covered) => expect(isCoveredBy(host, pattern)).toBe(covered));

  it('intersects to the narrower one', () => {
    expect(intersectHosts('*', 'a.com')).toBe('a.com');
    expect(intersectHosts('a.com', '*.com')).toBe('a.com');
    expect(intersectHosts('a.com', 'b.com')).toBeUndefined();
  });

  it('puts longer wildcards first', () => {
    expect(['*', '*.com', '*.a.com'].sort(moreSpecificFirst)).toEqual(['*.a.com', '*.com', '*']);
  });

  it('shortens as far as the proxy shares the domain', () => {
    const domain = 'default.svc.cluster.local';
    expect(shortNames('reviews.default.svc.cluster.local', domain)).toEqual([
      'reviews',
      'reviews.default',
      'reviews.default.svc',
    ]);
    expect(shortNames('far.backend.svc.cluster.local', domain)).toEqual(['far.backend', 'far.backend.svc']);
    expect(shortNames('api.example.com', domain)).toEqual([]);
    expect(shortNames('*.default.svc.cluster.local', domain)).toEqual([]);
    expect(shortNames('db.consul', 'consul')).toEqual([]);
  });

  it('brackets IPv6 addresses before a port', () => {
    expect(hostAndPort('::1', 80)).toBe('[::1]:80');
    expect(hostAndPort('a', 80)).toBe('a:80');
  });
});

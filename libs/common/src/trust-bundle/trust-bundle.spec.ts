import { describe, expect, it } from '@jest/globals';
import type { IdentitySource, TlsIdentity } from '../identity/types.js';
import { mergeRoots, readTrustBundle, withTrustBundle, type TrustBundle } from './trust-bundle.js';

const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

/** A source that tells whoever subscribed. */
class Source<T> {
  private readonly listeners = new Set<(value: T) => void>();
  constructor(private value?: T) {}
  current(): T | undefined {
    return this.value;
  }
  subscribe(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  set(value: T): void {
    this.value = value;
    for (const listener of this.listeners) listener(value);
  }
}

const identity = (roots: string): TlsIdentity => {
  return { certChain: pem('leaf'), privateKey: 'key', roots, notBefore: 0, notAfter: 1 };
};

describe('readTrustBundle', () => {
  it.each([null, 'text', {}, { roots: 1, trustDomain: 'a' }, { roots: 'no certificate', trustDomain: 'a' }])(
    'refuses %j',
    (value) => expect(readTrustBundle(value)).toBeUndefined(),
  );

  it('takes certificates and a trust domain', () => {
    const bundle = { roots: pem('a'), trustDomain: 'cluster.local' };
    expect(readTrustBundle({ ...bundle, more: true })).toEqual(bundle);
  });
});

describe('mergeRoots', () => {
  it('holds each root once', () => {
    expect(mergeRoots(pem('a') + pem('b'), pem('b') + pem('c'))).toBe(pem('a') + pem('b') + pem('c'));
  });
});

describe('withTrustBundle', () => {
  it('trusts the roots of both, and tells when either changes', () => {
    const own = new Source<TlsIdentity>();
    const bundle = new Source<TrustBundle>();
    const source: IdentitySource = withTrustBundle(own, bundle);
    const seen: string[] = [];
    const stop = source.subscribe(({ roots }) => seen.push(roots));
    expect(source.current()).toBeUndefined();
    bundle.set({ roots: pem('new'), trustDomain: 'cluster.local' });
    expect(seen).toEqual([]);
    own.set(identity(pem('old')));
    expect(source.current()?.roots).toBe(pem('old') + pem('new'));
    bundle.set({ roots: pem('newer'), trustDomain: 'cluster.local' });
    expect(seen).toEqual([pem('old') + pem('new'), pem('old') + pem('newer')]);
    stop();
    own.set(identity(pem('last')));
    expect(seen).toHaveLength(2);
  });
});

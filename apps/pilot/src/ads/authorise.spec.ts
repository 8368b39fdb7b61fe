import { describe, expect, it } from '@jest/globals';
import { Status } from '#common/grpc';
import { toyProxy } from '../push/testing/toy-world.js';
import { authorise } from './authorise.js';

const proxy = { ...toyProxy('reviews', 'shop'), serviceAccount: 'reviews' };
const id = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'reviews' };

function codeOf(action: () => void): number | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code: number }).code;
  }
}

describe('authorise', () => {
  it('lets a proxy in whose claims agree with its certificate', () => {
    expect(codeOf(() => authorise({ transport: 'tls', id }, proxy, 'cluster.local'))).toBeUndefined();
  });

  it.each([
    ['namespace', { ...id, namespace: 'other' }],
    ['service account', { ...id, serviceAccount: 'other' }],
    ['trust domain', { ...id, trustDomain: 'other' }],
  ])('refuses a proxy of another %s', (_what, other) => {
    const code = codeOf(() => authorise({ transport: 'tls', id: other }, proxy, 'cluster.local'));
    expect(code).toBe(Status.PERMISSION_DENIED);
  });

  it('refuses a proxy that proves nothing over TLS, and asks for nothing in clear', () => {
    const code = codeOf(() => authorise({ transport: 'tls', id: undefined }, proxy, 'cluster.local'));
    expect(code).toBe(Status.UNAUTHENTICATED);
    expect(codeOf(() => authorise({ transport: 'plaintext' }, proxy, 'cluster.local'))).toBeUndefined();
  });
});

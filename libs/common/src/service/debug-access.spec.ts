import { describe, expect, it } from '@jest/globals';
import { debugAccess, type DebugRequest } from './debug-access.js';

const LOCAL: DebugRequest = { remoteAddress: '127.0.0.1', headers: { host: '127.0.0.1:8080' } };
const REMOTE: DebugRequest = { remoteAddress: '192.0.2.7', headers: { host: 'pilot:8080' } };
const withHeader = (request: DebugRequest, name: string, value: string): DebugRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

describe('debugAccess', () => {
  it.each([
    ['a caller on this host', LOCAL, true],
    ['one on the IPv6 loopback', { remoteAddress: '::1', headers: { host: '[::1]:8080' } }, true],
    ['a mapped loopback address', { ...LOCAL, remoteAddress: '::ffff:127.0.0.1' }, true],
    ['localhost by name', withHeader(LOCAL, 'host', 'localhost:8080'), true],
    ['a caller elsewhere', REMOTE, false],
    ['a proxy on this host', withHeader(LOCAL, 'x-forwarded-for', '192.0.2.7'), false],
    ['a name that resolves to loopback', withHeader(LOCAL, 'host', 'rebound.example:8080'), false],
    ['nobody knows who', { ...LOCAL, remoteAddress: undefined }, false],
  ])('%s: %s', (_who, request, allowed) => {
    expect(debugAccess(request as DebugRequest, undefined).ok).toBe(allowed);
  });

  it('opens to the token, wherever it is shown', () => {
    const shows = (token: string) => withHeader(REMOTE, 'authorization', `Bearer ${token}`);
    expect(debugAccess(shows('secret'), 'secret').ok).toBe(true);
    expect(debugAccess(shows('other'), 'secret').ok).toBe(false);
    expect(debugAccess(shows(''), 'secret').ok).toBe(false);
    expect(debugAccess(shows('undefined'), undefined)).toEqual({
      ok: false,
      reason: expect.stringContaining('--debug-token-file'),
    });
  });
});

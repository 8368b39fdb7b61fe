import { expect, it } from '@jest/globals';
import type { StatedPort } from './protocol.js';
import { protocolOf, spokenAt } from './protocol.js';

it.each<[StatedPort, string]>([
  [{ number: 80, protocol: 'GRPC' }, 'HTTP2'],
  [{ number: 443, protocol: 'HTTPS', name: 'http' }, 'TLS'],
  [{ number: 80, protocol: 'HTTP_PROXY' }, 'HTTP'],
  [{ number: 53, protocol: 'UDP', name: 'dns' }, 'UDP'],
  [{ number: 80, protocol: '', name: 'http-web' }, 'HTTP'],
  [{ number: 80, protocol: '', name: 'HTTP2' }, 'HTTP2'],
  [{ number: 80, protocol: '', name: 'grpc-web-x' }, 'HTTP2'],
  [{ number: 80, protocol: '', name: 'tls' }, 'TLS'],
  [{ number: 3306, protocol: '', name: 'http' }, 'HTTP'],
  [{ number: 3306, protocol: '', name: 'data' }, 'TCP'],
  [{ number: 25, protocol: '' }, 'TCP'],
  [{ number: 80, protocol: '', name: 'httpx' }, 'AUTO'],
  [{ number: 80, protocol: '' }, 'AUTO'],
  [{ number: 80, protocol: '', name: 'tcp', appProtocol: 'http' }, 'HTTP'],
  [{ number: 80, protocol: '', name: 'tcp', appProtocol: 'kubernetes.io/h2c' }, 'HTTP2'],
  [{ number: 80, protocol: '', name: 'tcp', appProtocol: 'kubernetes.io/ws' }, 'HTTP'],
  [{ number: 80, protocol: '', name: 'tcp', appProtocol: 'kubernetes.io/wss' }, 'TLS'],
  [{ number: 80, protocol: '', name: 'http', appProtocol: 'example.com/own' }, 'AUTO'],
])('%j speaks %s', (port, expected) => expect(protocolOf(port)).toBe(expected));

it.each([
  ['mongo', 'MONGO'],
  ['redis-cache', 'REDIS'],
  ['grpc-web', 'GRPC_WEB'],
  ['mysql', undefined],
])('a port named %s has the dialect %s', (name, dialect) => {
  expect(spokenAt({ number: 1, protocol: '', name }).dialect).toBe(dialect);
});

import { expect, it } from '@jest/globals';
import { protocolOf } from './protocol.js';

it.each([
  ['GRPC', undefined, 80, 'HTTP2'],
  ['HTTPS', 'http', 443, 'TLS'],
  ['', 'http-web', 80, 'HTTP'],
  ['', 'grpc-web-x', 80, 'HTTP2'],
  ['', 'mysql', 3306, 'TCP'],
  ['', 'http', 3306, 'TCP'],
  ['', 'anything', 80, 'TCP'],
  ['UDP', 'dns', 53, 'UDP'],
])('protocol %j, name %j, port %d: %s', (protocol, name, number, expected) => {
  expect(protocolOf({ protocol, number, ...(name !== undefined && { name }) })).toBe(expected);
});

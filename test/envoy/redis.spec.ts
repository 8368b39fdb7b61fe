import { beforeAll, describe, expect, it } from '@jest/globals';
import { freePorts } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { redisBackend } from './support/backend.js';
import { tcp } from './support/calls.js';
import { startProxy } from './support/proxy.js';

const command = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;

/** As bytes where nothing else is said, and command by command where Pilot is told to read Redis. */
describe('Redis', () => {
  const [carried, read] = ['127.94.0.1', '127.94.0.2'];
  let port = 0;

  beforeAll(async () => {
    const redis = await redisBackend('redis');
    [port = 0] = await freePorts(1);
    const config = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: redis}
spec:
  hosts: [redis.example.com]
  addresses: [127.95.0.1]
  ports: [{number: ${port}, name: redis}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {redis: ${redis.port}}}]
`;
    const identity = await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client');
    for (const address of [carried, read]) {
      const environment = { switches: { redisFilter: address === read } };
      await startProxy({ config, name: 'client', address, bind: address, identity, environment });
    }
  }, 60_000);

  it('is carried as it is', async () => {
    expect(await tcp(carried, port, command('PING'), 'PING')).toBe('+redis PING\r\n');
  });

  it('is read where Pilot is told so: the proxy answers PING itself, the server other commands', async () => {
    expect(await tcp(read, port, command('PING'), 'PONG')).toBe('+PONG\r\n');
    expect(await tcp(read, port, command('GET', 'k'), '+redis')).toMatch(/^\+redis get k\r\n$/i);
  });
});

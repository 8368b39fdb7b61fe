import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePorts } from './index.js';

describe('freePorts', () => {
  it('finds ports that are free, all different, and none that an outgoing connection may get', async () => {
    const ports = [...(await freePorts(200)), ...(await freePorts(200))];
    expect(new Set(ports).size).toBe(400);
    for (const port of ports) expect(port).toBeLessThan(32_768);
    const servers = ports.map((port) => createServer().listen(port, '127.0.0.1'));
    await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
    for (const server of servers) server.close();
  });

  it('says where it cannot look', async () => {
    await expect(freePorts(1, '192.0.2.1')).rejects.toThrow(/EADDRNOTAVAIL/);
  });
});

import { createServer } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { freePorts, releasePorts } from './index.js';

afterEach(releasePorts);

describe('freePorts', () => {
  it('finds ports that are free, all different, and none that an outgoing connection may get', async () => {
    const ports = [...(await freePorts(200)), ...(await freePorts(200))];
    expect(new Set(ports).size).toBe(400);
    for (const port of ports) expect(port).toBeLessThan(32_768);
    const servers = ports.map((port) => createServer().listen(port, '127.0.0.1'));
    await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
    for (const server of servers) server.close();
  });

  it('gives nobody what another process was given, though nobody listens there yet', async () => {
    const mine = new Set(await freePorts(2_000));
    // What another process would have: a module with a memory of its own.
    jest.resetModules();
    const other = await import('./index.js');
    expect(other.freePorts).not.toBe(freePorts);
    const theirs = await other.freePorts(2_000);
    other.releasePorts();
    expect(theirs.filter((port) => mine.has(port))).toEqual([]);
  });

  it('says where it cannot look', async () => {
    await expect(freePorts(1, '192.0.2.1')).rejects.toThrow(/EADDRNOTAVAIL/);
  });
});

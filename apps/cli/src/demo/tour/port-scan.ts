import { HttpClient } from '../measure/http-client.js';
import { descendants, listProcesses } from '../measure/processes.js';
import { socketsOf } from '../measure/sockets.js';
import type { Mesh } from '../mesh.js';

/** What the applications answer with, and nobody else. */
const APPLICATION = /William Shakespeare|"podname":"reviews|"ratings":|<h2>Book Details/;
const PATHS = ['/productpage', '/details/0', '/reviews/0', '/ratings/0'];

export interface ScanResult {
  readonly ports: number;
  /** `host:port path` of each answer that came from an application. */
  readonly serving: readonly string[];
}

/**
 * Asks every TCP port on which a process of the mesh listens for the pages of every application, in clear, as a
 * scanner does. The gateway's port is meant to serve them. So is, to its own application, a sidecar's HTTP proxy: it
 * is asked as a server here, not as a proxy, which is what it answers to.
 */
export async function scanPorts(mesh: Mesh, gatewayPort: number): Promise<ScanResult> {
  const addresses = await listeningAddresses(mesh);
  const serving: string[] = [];
  for (const { host, port } of addresses) {
    if (port === gatewayPort) continue;
    const client = new HttpClient(host, port);
    const answers = await Promise.all(PATHS.map((path) => client.get(path, { timeoutMs: 1_000 })));
    client.close();
    answers.forEach(({ body }, index) => {
      if (APPLICATION.test(body)) serving.push(`${host}:${port}${PATHS[index]}`);
    });
  }
  return { ports: addresses.length, serving };
}

/** By /proc where there is one, else the addresses that the mesh is known to use. */
async function listeningAddresses(mesh: Mesh): Promise<{ host: string; port: number }[]> {
  const all = descendants(await listProcesses(), mesh.rootPids());
  const sockets = await socketsOf(all.map(({ pid }) => pid));
  const found = sockets ? [...sockets.values()].flat() : mesh.workloads.flatMap(knownAddresses);
  const unique = new Map(found.map(({ host, port }) => [`${host}:${port}`, { host, port }]));
  return [...unique.values()].map(({ host, port }) => ({
    host: host === '0.0.0.0' ? '127.0.0.1' : host,
    port,
  }));
}

function knownAddresses({ address, port, proxyPort }: Mesh['workloads'][number]) {
  return [port, proxyPort].map((each) => ({ host: address, port: each }));
}

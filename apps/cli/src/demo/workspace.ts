import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '#common/binaries';
import type { Placement, Workload } from './workloads.js';
import { placeWorkloads } from './workloads.js';

/** The demo's own folder: a copy of the samples and all state, so that nothing of the user's is touched. */
export interface Workspace {
  readonly root: string;
  /** What Galley reads. */
  readonly config: string;
  readonly state: string;
  /** 0700; short, for the sake of socket paths. */
  readonly sockets: string;
  readonly agents: string;
  readonly logs: string;
  remove(): void;
}

export function createWorkspace(): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'quartet-demo-'));
  const folder = (name: string): string => {
    const path = join(root, name);
    mkdirSync(path, { mode: 0o700 });
    return path;
  };
  return {
    root,
    config: folder('config'),
    state: folder('state'),
    sockets: folder('s'),
    agents: folder('a'),
    logs: folder('logs'),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 10 }),
  };
}

export const SAMPLES = join(packageRoot(), 'samples/bookinfo');

/** The gateway's port as the samples have it. */
export const GATEWAY_PORT = 8080;

/** Copies the samples' YAML, adapted to this host. Returns the workloads to start. */
export function copySamples(config: string, placement: Placement, gatewayPort: number): Workload[] {
  for (const file of readdirSync(SAMPLES).filter((name) => name.endsWith('.yaml'))) {
    cpSync(join(SAMPLES, file), join(config, file));
  }
  const { yaml, workloads } = placeWorkloads(
    readFileSync(join(SAMPLES, 'workloads.yaml'), 'utf8'),
    placement,
  );
  writeFileSync(join(config, 'workloads.yaml'), yaml);
  const gateway = join(config, 'gateway.yaml');
  const withPort = readFileSync(gateway, 'utf8').replace(`number: ${GATEWAY_PORT}`, `number: ${gatewayPort}`);
  writeFileSync(gateway, withPort);
  return workloads;
}

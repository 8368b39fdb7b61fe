import { join } from 'node:path';
import { jest } from '@jest/globals';
import { ConfigLogWriter } from '#common/config-log';
import type { Commit } from '#common/config-log';
import { silentLog } from '#common/nats';
import { tempDir } from '#common/testing';
import { decodeContent, resourceKey } from '#config';
import type { VirtualService } from '#config';
import { Pipeline } from './pipeline.js';
import type { ClusterSource } from './sources/sources.js';

/** Galley without its servers: a real folder, the real journal, and no NATS at all. */
export interface GalleyRig {
  readonly root: string;
  readonly stateDir: string;
  readonly pipeline: Pipeline;
  readonly writer: ConfigLogWriter;
  readonly commits: readonly Commit[];
  /** When each commit came, by `performance.now()`. */
  readonly times: readonly number[];
  /** First destination's subset of a VirtualService in force; undefined where there is none. */
  subset(name: string): string | undefined;
  stop(): Promise<void>;
}

const running = new Set<GalleyRig>();

/** Ends what a failed test left running. */
export async function stopGalleys(): Promise<void> {
  for (const rig of [...running]) await rig.stop();
}

export async function startGalley(
  root = tempDir('q-cfg-'),
  stateDir = join(tempDir('q-gly-'), 'log'),
  cluster?: ClusterSource,
  stillMs?: number,
): Promise<GalleyRig> {
  const connect = jest.fn(() => Promise.reject(new Error('no NATS here')));
  const writer = await ConfigLogWriter.open({ stateDir, connect });
  const commits: Commit[] = [];
  const times: number[] = [];
  const onCommit = (commit: Commit): void => {
    times.push(performance.now());
    commits.push(commit);
  };
  const sources = { root, ...(cluster && { cluster }), ...(stillMs !== undefined && { stillMs }) };
  const pipeline = new Pipeline({ ...sources, restored: writer.state.resources, onCommit, log: silentLog });
  pipeline.lead(writer);
  await pipeline.start();
  const rig: GalleyRig = {
    root,
    stateDir,
    pipeline,
    writer,
    commits,
    times,
    subset: (name) => {
      const key = resourceKey('networking.istio.io', 'VirtualService', 'default', name);
      const stored = writer.state.resources.get(key);
      if (!stored) return undefined;
      return decodeContent<VirtualService>(key, stored.content).spec.http?.[0]?.route?.[0]?.destination
        .subset;
    },
    stop: async () => {
      running.delete(rig);
      await pipeline.close();
      await writer.close();
    },
  };
  running.add(rig);
  return rig;
}

/** A VirtualService that sends everything to one subset. */
export function virtualService(name: string, subset = 'v1'): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
spec:
  hosts:
  - ${name}
  http:
  - route:
    - destination:
        host: ${name}
        subset: ${subset}
`;
}

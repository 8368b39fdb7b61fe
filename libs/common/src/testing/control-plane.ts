import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../binaries/index.js';
import { spawnProcess, type SpawnedProcess } from './process.js';
import { tempDir } from './temp-dir.js';
import { Hopeless, until } from './until.js';

/** The compiled command line; `npm test` builds it first. */
export const quartetCli = (): string => join(packageRoot(), 'dist/apps/cli/src/main.js');

export interface QuartetResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `quartet` command to its end. */
export async function quartet(...args: string[]): Promise<QuartetResult> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [quartetCli(), ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** A control plane as `quartet up --json` describes it. */
export interface RunningControlPlane {
  readonly process: SpawnedProcess;
  readonly state: string;
  readonly pilot: { readonly xds: string; readonly xdsTls: string; readonly http: string };
  readonly citadel: { readonly grpc: string; readonly http: string; readonly rootCert: string };
  readonly galley: { readonly http: string };
  readonly mixer: { readonly grpc: string; readonly metrics: string; readonly http: string };
  readonly nats: string;
  readonly pids: Readonly<Record<string, number>>;
  /** Every JSON line since the first: restarts. */
  events(): readonly { readonly restarted: string; readonly pid: number }[];
}

export interface ControlPlaneOptions {
  readonly config: string;
  /** Default: a folder that goes with the test. */
  readonly state?: string;
  /** Further arguments of `quartet up`. */
  readonly args?: readonly string[];
}

/** Starts `quartet up` on free ports and waits until it is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<RunningControlPlane> {
  const state = options.state ?? tempDir('q-state-');
  const args = ['up', '--config', options.config, '--state', state, '--ports', 'free', '--json'];
  const started = spawnProcess(process.execPath, [quartetCli(), ...args, ...(options.args ?? [])], {
    name: 'up',
  });
  const lines = () => started.stdout().split('\n').filter(Boolean).map(parseLine);
  const first = await until(
    () => {
      if (!started.running()) throw new Hopeless(`quartet up ended:\n${started.logs()}`);
      return lines()[0];
    },
    { what: 'the ready line of quartet up', timeout: 40_000 },
  );
  const description = first as Omit<RunningControlPlane, 'process' | 'state' | 'events'>;
  const events = () => lines().slice(1) as { restarted: string; pid: number }[];
  return { ...description, process: started, state, events };
}

function parseLine(line: string): unknown {
  return JSON.parse(line);
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `quartet up --json` prints when ready, and what other commands find in the state folder. */
export interface ControlPlane {
  readonly ready: true;
  readonly pilot?: { readonly xds: string; readonly xdsTls: string; readonly http: string };
  readonly citadel?: { readonly grpc: string; readonly http: string; readonly rootCert: string };
  readonly galley?: { readonly http: string };
  readonly mixer?: { readonly grpc: string; readonly metrics: string; readonly http: string };
  readonly nats: string;
  readonly pids: Readonly<Record<string, number>>;
}

const FILE = 'control-plane.json';

/** Remembers a running control plane for the commands that are given only `--state`. */
export function rememberControlPlane(state: string, value: ControlPlane): void {
  writeFileSync(join(state, FILE), JSON.stringify(value), { mode: 0o600 });
}

/** The control plane that runs on this state folder. Throws a message for the user where there is none. */
export function recallControlPlane(state: string): ControlPlane {
  try {
    return JSON.parse(readFileSync(join(state, FILE), 'utf8')) as ControlPlane;
  } catch {
    throw new Error(`no control plane has run on the state folder ${state}: start one with 'quartet up'`);
  }
}

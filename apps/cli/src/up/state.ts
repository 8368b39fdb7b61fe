import { mkdirSync, realpathSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { join, relative, isAbsolute, resolve } from 'node:path';

/** The user's state folder, where `--state` does not name another: XDG's on Linux, Application Support on macOS. */
export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  if (platform() === 'darwin') return join(homedir(), 'Library/Application Support/quartet');
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'quartet');
}

/** Where each part of the control plane keeps what it must not lose. */
export interface StateLayout {
  readonly root: string;
  readonly citadel: string;
  readonly galley: string;
  readonly pilot: string;
  readonly mixer: string;
  readonly nats: string;
  /** Written by Citadel. */
  readonly rootCert: string;
  readonly adminCredential: string;
}

export function stateLayout(root: string): StateLayout {
  const citadel = join(root, 'citadel');
  return {
    root,
    citadel,
    galley: join(root, 'galley'),
    pilot: join(root, 'pilot'),
    mixer: join(root, 'mixer'),
    nats: join(root, 'nats'),
    rootCert: join(citadel, 'root-cert.pem'),
    adminCredential: join(citadel, 'admin-credential'),
  };
}

/**
 * Makes the state folders, 0700. Throws where the state would lie inside the config folder: keys do not belong where
 * config is read from, and Galley would read its own files.
 */
export function prepareStateDir(state: string, config: string | undefined): StateLayout {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  if (config !== undefined && isInside(state, config))
    throw new Error(`the state folder ${state} lies inside the config folder ${config}`);
  const layout = stateLayout(realpathSync(state));
  for (const dir of [layout.citadel, layout.galley, layout.pilot, layout.mixer, layout.nats]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  return layout;
}

function isInside(state: string, config: string): boolean {
  const inside = relative(realpathSync(resolve(config)), realpathSync(state));
  return inside === '' || !(inside.startsWith('..') || isAbsolute(inside));
}

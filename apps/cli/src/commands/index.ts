import type { Command } from 'commander';
import { registerAgent } from './agent.js';
import { registerConfig } from './config.js';
import { registerDemo } from './demo.js';
import { registerDescribe } from './describe.js';
import { registerExpr } from './expr.js';
import { registerManifest } from './manifest.js';
import { registerProxyConfig } from './proxy-config.js';
import { registerProxyStatus } from './proxy-status.js';
import { registerTraceChange } from './trace-change.js';
import { registerToken } from './token.js';
import { registerUp } from './up.js';
import { registerValidate } from './validate.js';
import { registerVersion } from './version.js';
import { registerXds } from './xds.js';

/** Adds one command to the program; what the command does is loaded when it is called. */
export type Register = (program: Command) => void;

export const COMMANDS: readonly Register[] = [
  registerUp,
  registerDemo,
  registerAgent,
  registerToken,
  registerXds,
  registerValidate,
  registerDescribe,
  registerConfig,
  registerExpr,
  registerManifest,
  registerProxyStatus,
  registerTraceChange,
  registerProxyConfig,
  registerVersion,
];

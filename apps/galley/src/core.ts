/**
 * Galley's pure core: what the command line uses to check and translate config without any service running.
 */
import { readConfig } from '#config';
import type { ConfigFile, Diagnostic } from '#config';

export { readConfig };
export { GALLEY_PERMISSIONS } from './sources/permissions.js';
export type { ConfigFile, ConfigReading, LocatedResource } from '#config';

/** Everything that Galley would say about these files, references between resources included, by path and line. */
export function validateFiles(files: readonly ConfigFile[]): Diagnostic[] {
  return [...readConfig(files).diagnostics];
}

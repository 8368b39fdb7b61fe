import { resolve } from 'node:path';
import { COMMON_FLAGS, flag, parseFlags } from '#common/service';
import type { FlagValues } from '#common/service';

const FLAGS = {
  ...COMMON_FLAGS,
  config: flag.text('folder of YAML and JSON files with the mesh config'),
} as const;

export type GalleyConfig = FlagValues<typeof FLAGS>;

/** The one place that reads the command line and the environment. @throws FlagError with all problems at once */
export function readGalleyConfig(argv: readonly string[], env: NodeJS.ProcessEnv): GalleyConfig {
  const config = parseFlags(FLAGS, argv, env);
  return { ...config, config: resolve(config.config) };
}

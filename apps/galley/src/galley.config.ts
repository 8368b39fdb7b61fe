import { resolve } from 'node:path';
import { natsCredential, type NatsCredential } from '#common/nats';
import { COMMON_FLAGS, flag, parseFlags } from '#common/service';
import type { FlagValues } from '#common/service';

const FLAGS = {
  ...COMMON_FLAGS,
  config: flag.text('folder of YAML and JSON files with the mesh config'),
} as const;

export type GalleyConfig = Omit<FlagValues<typeof FLAGS>, 'nats' | 'natsNkey'> & {
  readonly nats: NatsCredential;
};

/** The one place that reads the command line and the environment. @throws FlagError with all problems at once */
export function readGalleyConfig(argv: readonly string[], env: NodeJS.ProcessEnv): GalleyConfig {
  const values = parseFlags(FLAGS, argv, env);
  return { ...values, nats: natsCredential(values), config: resolve(values.config) };
}

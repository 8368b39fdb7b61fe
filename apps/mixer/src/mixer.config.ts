import { COMMON_FLAGS, FlagError, flag, parseFlags } from '#common/flags';
import type { Address, FlagValues } from '#common/flags';
import { natsCredential, type NatsCredential } from '#common/nats';
import { isTrustDomain } from '#common/identity';

/** What a Mixer does: decide (`policy`), count (`telemetry`), or both. */
export type Role = 'policy' | 'telemetry';

const FLAGS = {
  ...COMMON_FLAGS,
  grpc: flag.address('where Envoys ask (ext_authz) and report (access logs)', '127.0.0.1:9091'),
  metrics: flag.address("where the mesh's metrics are served", '127.0.0.1:42422'),
  roles: flag.list('policy, telemetry or both', 'policy,telemetry'),
  citadel: flag.optionalAddress('where certificates come from; without it, no TLS'),
  root: flag.optional('file with the roots that Citadel is known by'),
  tokenFile: flag.optional('file with the token that proves who this is'),
  trustDomain: flag.text('trust domain of all identities', 'cluster.local'),
};

/** Mixer's settings. */
export interface MixerConfig {
  readonly http: Address;
  readonly grpc: Address;
  readonly metrics: Address;
  readonly roles: ReadonlySet<Role>;
  readonly nats: NatsCredential;
  readonly state: string;
  readonly logLevel: string;
  readonly debugTokenFile?: string | undefined;
  /** Absent: plaintext, and callers are believed. */
  readonly identity?: IdentityConfig;
}

export interface IdentityConfig {
  readonly citadel: Address;
  readonly rootFile: string;
  readonly tokenFile?: string;
  readonly trustDomain: string;
}

/** The only reader of flags and environment. Throws a FlagError with all problems at once. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): MixerConfig {
  const values = parseFlags(FLAGS, argv, env);
  const problems = problemsOf(values);
  if (problems.length > 0) throw new FlagError(problems);
  const { http, grpc, metrics, state, logLevel, debugTokenFile } = values;
  const identity = identityOf(values);
  return {
    ...{ http, grpc, metrics, state, logLevel, debugTokenFile },
    roles: new Set(values.roles as readonly Role[]),
    nats: natsCredential(values),
    ...(identity ? { identity } : {}),
  };
}

function identityOf({
  citadel,
  root,
  tokenFile,
  trustDomain,
}: FlagValues<typeof FLAGS>): IdentityConfig | undefined {
  if (!citadel || root === undefined) return undefined;
  return { citadel, rootFile: root, trustDomain, ...(tokenFile === undefined ? {} : { tokenFile }) };
}

function problemsOf({ roles, citadel, root, trustDomain }: FlagValues<typeof FLAGS>): string[] {
  const unknown = roles.filter((role) => role !== 'policy' && role !== 'telemetry');
  return [
    unknown.length === 0 && roles.length > 0 ? [] : ['--roles: expected policy, telemetry or both'],
    Boolean(citadel) === (root !== undefined) ? [] : ['--citadel and --root go together'],
    isTrustDomain(trustDomain) ? [] : [`--trust-domain: '${trustDomain}' is not a trust domain`],
  ].flat();
}

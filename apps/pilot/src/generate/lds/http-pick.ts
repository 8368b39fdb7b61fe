import type { AccessLogPick } from './access-log.js';
import type { HttpSettings, HttpSide } from './http-settings.js';
import type { MixerCheck } from './mixer-check.js';
import type { TracingPick } from './select-tracing.js';

/** What every HTTP connection manager of a proxy's side has, whatever its routes. */
export interface CommonHttp {
  readonly side: HttpSide;
  readonly logs: AccessLogPick;
  readonly tracing?: TracingPick;
  readonly settings: HttpSettings;
  /** Whether HTTP/1.0 is taken. */
  readonly http10?: boolean;
}

/** What an HTTP connection manager is made of. */
export interface HttpPick extends CommonHttp {
  readonly statPrefix: string;
  /** Whether browsers speak gRPC to it in their way. */
  readonly grpcWeb?: boolean;
  /** Where clients prove themselves by certificates of their own world: what they say of others' is not passed on. */
  readonly foreignClients?: boolean;
  /** A route by RDS, or the inline one to an inbound cluster. */
  readonly route: { readonly rds: string } | { readonly cluster: string; readonly port: number };
  readonly check?: MixerCheck;
}

import { join } from 'node:path';
import type { ConnectionOptions, NatsConnection, Status } from '@nats-io/transport-node';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { type Log, silentLog } from './log.js';

/** Who connects to which server. */
export interface NatsAccess {
  /** `nats://HOST:PORT`; several are tried in turn. */
  readonly url: string | readonly string[];
  /** `SU...`; absent where the server asks nobody for a credential (tests). */
  readonly nkeySeed?: string;
  /**
   * Folder with `tls.crt`, `tls.key` and `ca.crt`, as a Kubernetes Secret is mounted: TLS to a server that `ca.crt`
   * vouches for, which knows this user by the certificate. Read anew for each connection, so that they can be rotated.
   */
  readonly tlsDir?: string;
  /** The user's name in {@link serverConfig}: permissions and the reply inbox hang on it. */
  readonly name: string;
}

const RECONNECT_WAIT_MS = 100;
const RECONNECT_JITTER_MS = 200;
/** For one attempt to connect; the client keeps a timer of that length for each attempt that fails. */
const CONNECT_TIMEOUT_MS = 2_000;
const PING_INTERVAL_MS = 5_000;

/**
 * Subjects that only this user may subscribe to: `_INBOX_<name>.>`. Nobody reads another's replies.
 */
export function inboxPrefix(name: string): string {
  return `_INBOX_${name}`;
}

/**
 * Connection options that all parts share: reconnects for ever, with jitter so that a restarted server is not hit
 * by everybody at once. The authenticator holds the seed; the options themselves carry no secret to print.
 */
export function connectionOptions(access: NatsAccess): ConnectionOptions {
  const { url, nkeySeed, tlsDir, name } = access;
  return {
    servers: typeof url === 'string' ? url : [...url],
    name,
    inboxPrefix: inboxPrefix(name),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    // A restarted server may refuse a credential for a moment (its configuration is being written): keep trying.
    ignoreAuthErrorAbort: true,
    ...(nkeySeed === undefined
      ? {}
      : { authenticator: nkeyAuthenticator(new TextEncoder().encode(nkeySeed.trim())) }),
    ...(tlsDir === undefined ? {} : { tls: tlsFiles(tlsDir) }),
  };
}

function tlsFiles(dir: string): { caFile: string; certFile: string; keyFile: string } {
  return { caFile: join(dir, 'ca.crt'), certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key') };
}

/**
 * Connects, once.
 *
 * @throws when the server cannot be reached or refuses the credential; callers that want to wait retry.
 */
export async function connectNats(access: NatsAccess & { readonly log?: Log }): Promise<NatsConnection> {
  const connection = await connect(connectionOptions(access));
  void logStatus(connection, access.log ?? silentLog);
  return connection;
}

async function logStatus(connection: NatsConnection, log: Log): Promise<void> {
  const server = connection.getServer();
  log.debug({ server }, 'connected to NATS');
  for await (const status of connection.status()) logOne(status, log);
}

function logOne(status: Status, log: Log): void {
  switch (status.type) {
    case 'disconnect':
      return log.warn({ server: status.server }, 'lost the connection to NATS');
    case 'reconnect':
      return log.info({ server: status.server }, 'connected to NATS again');
    case 'error':
      return log.error({ err: status.error }, 'NATS reports an error');
    case 'slowConsumer':
      return log.warn({ pending: status.pending }, 'a NATS subscription is slow');
    default:
      return log.debug({ type: status.type }, 'NATS status');
  }
}

import { LOG_STREAM, LOG_SUBJECTS, SNAPSHOT_STREAM, SNAPSHOT_SUBJECTS } from '../config-log/subjects.js';
import { inboxPrefix } from './connect.js';

/** What a user may do. Every service but Galley reads the config log; `cli` only asks questions. */
export type NatsRole = 'galley' | 'pilot' | 'citadel' | 'mixer' | 'cli';

export interface NatsUser {
  /** Also the name that the user connects with: its inbox is `_INBOX_<name>.>`. Letters, digits, `-` and `_`. */
  readonly name: string;
  readonly role: NatsRole;
  /** How the server knows the user: by its nkey, `U...`, or by the subject of its certificate, `CN=...`. */
  readonly proof: { readonly nkey: string } | { readonly certificate: string };
}

export interface NatsServerOptions {
  readonly users: readonly NatsUser[];
  /** JetStream's folder. */
  readonly storeDir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free one; read it from the `.ports` file in `portsFileDir`. */
  readonly port: number;
  readonly portsFileDir?: string;
  readonly logFile?: string;
}

interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Services that answer questions, each on `<service>.>`. */
const SERVICES = ['pilot', 'citadel', 'mixer', 'galley'] as const;
/** A commit's part is at most 256 KB, or one resource of at most 1 MB: nats-server's own default holds both. */
const MAX_PAYLOAD = 1_048_576;
/** Of one connection, so that a peer that stopped reading cannot fill the server's memory. */
const MAX_PENDING = 67_108_864;
/** Seconds in which a client has to say who it is. By default it is two, which a busy service that starts can miss. */
const AUTHORIZATION_TIMEOUT_S = 10;
/** Nest may answer one question in several messages. */
const MAX_RESPONSES = 16;

/**
 * The text of a nats-server configuration: JetStream that syncs each write, and a user per service that may do what
 * its role needs and nothing else.
 *
 * @see https://docs.nats.io/running-a-nats-service/configuration
 */
export function serverConfig(options: NatsServerOptions): string {
  const { host = '127.0.0.1', port, portsFileDir, logFile, storeDir } = options;
  const lines = [
    `listen: ${quoted(`${host}:${port === 0 ? -1 : port}`)}`,
    ...(portsFileDir === undefined ? [] : [`ports_file_dir: ${quoted(portsFileDir)}`]),
    ...(logFile === undefined ? [] : [`log_file: ${quoted(logFile)}`]),
    `max_payload: ${MAX_PAYLOAD}`,
    `max_pending: ${MAX_PENDING}`,
    // The default syncs every two minutes: a power cut would take acknowledged commits along.
    `jetstream: {store_dir: ${quoted(storeDir)}, sync_interval: always}`,
    authorizationConfig(options.users),
  ];
  return `${lines.join('\n')}\n`;
}

/** The `authorization` block alone, for a server that is configured otherwise. */
export function authorizationConfig(users: readonly NatsUser[]): string {
  return `authorization: {\n  timeout: ${AUTHORIZATION_TIMEOUT_S}\n  users: [\n${users.map(userConfig).join('\n')}\n  ]\n}`;
}

function userConfig(user: NatsUser): string {
  if (!/^[A-Za-z0-9_-]+$/.test(user.name))
    throw new Error(`not a NATS user name: ${JSON.stringify(user.name)}`);
  const { publish, subscribe } = permissions(user);
  const body = [
    `publish: {allow: ${JSON.stringify(publish)}}`,
    `subscribe: {allow: ${JSON.stringify(subscribe)}}`,
    // A reply goes to the asker's inbox, to which nobody else may publish unasked.
    `allow_responses: {max: ${MAX_RESPONSES}, expires: "10s"}`,
  ];
  return `    {${proofConfig(user.proof)}, permissions: {${body.join(', ')}}}`;
}

/** @see https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/tls_mutual_auth */
function proofConfig(proof: NatsUser['proof']): string {
  return 'nkey' in proof ? `nkey: ${proof.nkey}` : `user: ${quoted(proof.certificate)}`;
}

function permissions(user: NatsUser): Permissions {
  const ask = SERVICES.map((service) => `${service}.>`);
  const answer = user.role === 'cli' ? [] : [`${user.role}.>`];
  return {
    publish: [...ask, ...logPermissions(user.role)],
    subscribe: [...answer, `${inboxPrefix(user.name)}.>`],
  };
}

function logPermissions(role: NatsRole): string[] {
  if (role === 'cli') return [];
  const read = [LOG_STREAM, SNAPSHOT_STREAM].flatMap(readStream);
  return role === 'galley' ? [...read, ...writeLog()] : read;
}

/** Read-only use of a stream: an own ordered consumer, and direct gets. */
function readStream(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
  ];
}

function writeLog(): string[] {
  const manage = [LOG_STREAM, SNAPSHOT_STREAM].flatMap((stream) =>
    ['CREATE', 'UPDATE', 'PURGE'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
  );
  return [LOG_SUBJECTS, SNAPSHOT_SUBJECTS, ...manage];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Http2Server } from 'node:http2';
import type { IdentitySource } from '#common/identity';
import { createGrpcServer, type BidiCall, type BidiHandler } from '../grpc/server.js';
import type { Log } from '../log.js';
import { NO_SECRETS, secretsOf, type Secrets } from './secrets.js';
import {
  DeltaSubscription,
  StateOfTheWorldSubscription,
  type Subscription,
  type SubscriptionEvents,
} from './subscription.js';

const SERVICE = '/envoy.service.secret.v3.SecretDiscoveryService';
/** One Envoy is the client; its first message carries 60 KB of extension names. */
const LIMITS = { messageBytes: 1 << 18, sessions: 8, streamsPerSession: 32 };

/** Serves the agent's own identity, and nothing else, to the Envoy beside it. */
export class SecretServer {
  private readonly server: Http2Server;
  private readonly sessions = new Set<{ destroy(): void }>();
  private readonly streams = new Map<Subscription, BidiCall>();
  private secrets: Secrets = NO_SECRETS;
  private stopWatching: () => void = () => undefined;

  constructor(
    private readonly identity: IdentitySource,
    private readonly log: Log,
  ) {
    const methods = new Map([
      [`${SERVICE}/StreamSecrets`, this.opener(StateOfTheWorldSubscription)],
      [`${SERVICE}/DeltaSecrets`, this.opener(DeltaSubscription)],
    ]);
    this.server = createGrpcServer(methods, LIMITS);
    this.server.on('session', (session) => {
      this.sessions.add(session);
      session.once('close', () => this.sessions.delete(session));
    });
  }

  /** Listens on a unix socket. Rejects where another process serves it; what a dead one left behind is removed. */
  async listen(socket: string): Promise<void> {
    if (await answers(socket)) throw new Error(`another agent is running with the socket ${socket}`);
    await rm(socket, { force: true });
    this.server.listen(socket);
    await once(this.server, 'listening');
    await chmod(socket, 0o600);
    const current = this.identity.current();
    if (current !== undefined) this.secrets = secretsOf(current);
    this.stopWatching = this.identity.subscribe((identity) => this.push(secretsOf(identity)));
  }

  close(): void {
    this.stopWatching();
    this.server.close();
    for (const session of this.sessions) session.destroy();
  }

  private push(secrets: Secrets): void {
    this.secrets = secrets;
    for (const [subscription, call] of this.streams) sendIfAny(call, subscription.onSecrets(secrets));
  }

  private opener(kind: new (events: SubscriptionEvents) => Subscription): (call: BidiCall) => BidiHandler {
    const events: SubscriptionEvents = {
      onRejected: (error) => this.log.warn({ error }, 'Envoy refused a secret and keeps the one it had'),
    };
    return (call) => {
      const subscription = new kind(events);
      this.streams.set(subscription, call);
      sendIfAny(call, subscription.onSecrets(this.secrets));
      return {
        onMessage: (message) => sendIfAny(call, subscription.onRequest(message)),
        onClose: () => void this.streams.delete(subscription),
      };
    };
  }
}

function sendIfAny(call: BidiCall, response: Uint8Array | undefined): void {
  if (response !== undefined) call.send(response);
}

async function answers(socket: string): Promise<boolean> {
  const connection = connect(socket);
  try {
    await once(connection, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}

import { GrpcError, STATUS } from '../grpc/status.js';
import {
  decodeDeltaRequest,
  decodeDiscoveryRequest,
  encodeDeltaResponse,
  encodeDiscoveryResponse,
  SECRET_TYPE,
} from './messages.js';
import { NO_SECRETS, type Secrets } from './secrets.js';

/** Secrets that one stream may ask for. Envoy opens a stream per secret. */
const MAX_NAMES = 16;

/** What a stream has to say besides its responses. */
export interface SubscriptionEvents {
  /** The client refused a response and keeps what it had. */
  onRejected(error: string): void;
}

/** One SDS stream. Each call returns the response that it gives rise to, if any. */
export interface Subscription {
  onRequest(bytes: Uint8Array): Uint8Array | undefined;
  onSecrets(secrets: Secrets): Uint8Array | undefined;
}

/**
 * What both variants of the protocol share: responses are numbered, at most one is unanswered, and what changes
 * meanwhile is sent, merged, after the answer. A stream therefore never queues anything.
 */
abstract class NumberedStream implements Subscription {
  protected secrets: Secrets = NO_SECRETS;
  /** The version of each secret that the client was sent; '' for one that it was told does not exist. */
  protected readonly sent = new Map<string, string>();
  private nonce = 0;
  private unanswered = false;

  constructor(private readonly events: SubscriptionEvents) {}

  abstract onRequest(bytes: Uint8Array): Uint8Array | undefined;
  /** The response that brings the client up to date, as the next number; undefined where it is. */
  protected abstract next(nonce: string): Uint8Array | undefined;

  onSecrets(secrets: Secrets): Uint8Array | undefined {
    this.secrets = secrets;
    return this.respond();
  }

  protected respond(): Uint8Array | undefined {
    if (this.unanswered) return undefined;
    const response = this.next(String(this.nonce + 1));
    if (response === undefined) return undefined;
    this.nonce += 1;
    this.unanswered = true;
    return response;
  }

  /** Takes in the answer to a response. A nonce that is not the newest is about something out of date. */
  protected answered(nonce: string, error: string | undefined): void {
    if (nonce !== String(this.nonce)) return;
    this.unanswered = false;
    if (error !== undefined) this.events.onRejected(error);
  }

  protected check(typeUrl: string, names: number): void {
    if (typeUrl !== '' && typeUrl !== SECRET_TYPE) {
      throw new GrpcError(STATUS.invalidArgument, `only ${SECRET_TYPE} is served here`);
    }
    if (names > MAX_NAMES) throw new GrpcError(STATUS.resourceExhausted, `more than ${MAX_NAMES} secrets`);
  }
}

/** State of the world (`StreamSecrets`): each request repeats all names, each response all secrets that exist. */
export class StateOfTheWorldSubscription extends NumberedStream {
  private names: readonly string[] = [];

  onRequest(bytes: Uint8Array): Uint8Array | undefined {
    const request = decodeDiscoveryRequest(bytes);
    this.check(request.typeUrl, request.resourceNames.length);
    this.names = request.resourceNames;
    this.answered(request.responseNonce, request.error);
    return this.respond();
  }

  protected next(nonce: string): Uint8Array | undefined {
    const wanted = [...new Set(this.names)].flatMap((name) => this.secrets.get(name) ?? []);
    if (wanted.every(({ name, version }) => this.sent.get(name) === version)) return undefined;
    for (const { name, version } of wanted) this.sent.set(name, version);
    return encodeDiscoveryResponse(wanted.map(({ version }) => version).join('.'), nonce, wanted);
  }
}

/** Incremental (`DeltaSecrets`): names are added and taken away, a response holds only what the client lacks. */
export class DeltaSubscription extends NumberedStream {
  private readonly names = new Set<string>();

  onRequest(bytes: Uint8Array): Uint8Array | undefined {
    const request = decodeDeltaRequest(bytes);
    this.check(request.typeUrl, this.names.size + request.subscribe.length);
    this.check(request.typeUrl, request.initialVersions.size);
    for (const name of request.unsubscribe) this.forget(name);
    for (const name of request.subscribe) {
      this.forget(name);
      this.names.add(name);
    }
    for (const [name, version] of request.initialVersions) {
      if (this.names.has(name)) this.sent.set(name, version);
    }
    this.answered(request.responseNonce, request.error);
    return this.respond();
  }

  /** A name that is subscribed to again is sent again, as the protocol asks. */
  private forget(name: string): void {
    this.names.delete(name);
    this.sent.delete(name);
  }

  protected next(nonce: string): Uint8Array | undefined {
    // Before there is an identity, nothing can be said about which secrets exist.
    if (this.secrets.size === 0) return undefined;
    const changed = [...this.names].filter((name) => this.sent.get(name) !== this.versionOf(name));
    if (changed.length === 0) return undefined;
    for (const name of changed) this.sent.set(name, this.versionOf(name));
    const resources = changed.flatMap((name) => this.secrets.get(name) ?? []);
    const removed = changed.filter((name) => !this.secrets.has(name));
    return encodeDeltaResponse(resources.map(({ version }) => version).join('.'), nonce, resources, removed);
  }

  private versionOf(name: string): string {
    return this.secrets.get(name)?.version ?? '';
  }
}

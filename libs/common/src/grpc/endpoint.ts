import {
  experimental,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServiceDefinition as GrpcServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { IdentitySource } from '../identity/types.js';
import { formatBoundAddress, parseBindAddress } from './address.js';
import { IdentityCertificateProvider } from './certificates.js';
import { withoutCopies } from './frame.js';
import { OpenStreams, wrapHandler, type GrpcService, type UnexpectedErrorListener } from './handlers.js';

/** What a stranger may cost. A peer above a limit gets an error; the others notice nothing. */
export interface GrpcLimits {
  /** Largest request, decompressed. Above it: RESOURCE_EXHAUSTED. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Calls at once on one connection; HTTP/2 makes the peer wait. Default 1,024. */
  readonly maxConcurrentStreams?: number;
  /** Connections at once; more are closed as they come. Default 10,000. */
  readonly maxConnections?: number;
  /** A connection is probed this often and dropped when it does not answer. Default 30 s, 10 s. */
  readonly keepaliveTimeMs?: number;
  readonly keepaliveTimeoutMs?: number;
}

export interface GrpcTls {
  readonly identity: IdentitySource;
  /**
   * `optional` asks for a certificate and lets callers without a valid one in, as nobody (see `peerIdentity`);
   * `required` refuses their handshake.
   */
  readonly clientCertificates: 'none' | 'optional' | 'required';
}

export interface GrpcEndpointOptions {
  /** `HOST:PORT` (0 for a free port) or `unix:PATH`. */
  readonly bind: string;
  /** TLS 1.2 or later; plaintext without it. */
  readonly tls?: GrpcTls;
  readonly services: readonly GrpcService[];
  readonly limits?: GrpcLimits;
  /** How long `close` waits for calls in flight, in milliseconds. Default 3 s. */
  readonly shutdownGraceMs?: number;
  readonly onUnexpectedError?: UnexpectedErrorListener;
}

/**
 * A gRPC server on one address: raw grpc-js underneath, every handler fenced in, certificates swapped in use. It
 * owns the listening socket itself, because grpc-js has no limit on connections.
 */
export class GrpcEndpoint {
  readonly #server: Server;
  readonly #streams = new OpenStreams();
  readonly #sockets = new Set<Socket>();
  #listener: NetServer | undefined;
  #address: string | undefined;

  constructor(private readonly options: GrpcEndpointOptions) {
    this.#server = new Server(serverOptions(options.limits ?? {}));
    for (const service of options.services) this.#add(service);
  }

  /** Where it listens, in the form of `bind` with the real port. Throws before `listen` is through. */
  get address(): string {
    if (this.#address === undefined) throw new Error('the gRPC server does not listen yet');
    return this.#address;
  }

  /** Opens the port. Rejects with the system's error when that fails. */
  async listen(): Promise<string> {
    const injector = this.#server.createConnectionInjector(credentials(this.options.tls));
    const listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      // Until TLS takes the socket over, a reset would be an unhandled error.
      socket.on('error', () => socket.destroy()).once('close', () => this.#sockets.delete(socket));
      injector.injectConnection(socket);
    });
    listener.maxConnections = this.options.limits?.maxConnections ?? 10_000;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject).listen(parseBindAddress(this.options.bind), () => {
        listener.off('error', reject);
        resolve();
      });
    });
    this.#listener = listener;
    this.#address = formatBoundAddress(listener.address());
    return this.#address;
  }

  /** Ends the open streams with UNAVAILABLE, lets other calls finish within the grace period, then cuts. */
  async close(): Promise<void> {
    const listening = this.#listener;
    if (!listening) return;
    this.#listener = undefined;
    const closed = new Promise<void>((resolve) => listening.close(() => resolve()));
    this.#streams.endAll();
    await this.#finishCalls(this.options.shutdownGraceMs ?? 3_000);
    // grpc-js knows neither connections that are still in their handshake nor, without channelz, those it has to cut.
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #finishCalls(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #add({ definition, implementation }: GrpcService): void {
    const onUnexpectedError = this.options.onUnexpectedError ?? (() => undefined);
    const handlers: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(definition)) {
      const handler = implementation[name];
      if (!handler) throw new TypeError(`${method.path} has no handler`);
      handlers[name] = wrapHandler(method, handler, this.#streams, onUnexpectedError);
    }
    // Its types hold for any message; ours, which hold for one each, are stricter.
    this.#server.addService(definition as unknown as GrpcServiceDefinition, handlers);
  }
}

function credentials(tls: GrpcTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const provider = new IdentityCertificateProvider(tls.identity);
  // The names of the first two parameters are the wrong way round in grpc-js 1.14: the server's own identity is first.
  return experimental.createCertificateProviderServerCredentials(
    provider,
    tls.clientCertificates === 'none' ? null : provider,
    tls.clientCertificates === 'required',
  );
}

function serverOptions(limits: GrpcLimits): ServerOptions {
  return {
    interceptors: [withoutCopies],
    'grpc.max_receive_message_length': limits.maxMessageBytes ?? 4 * 1024 * 1024,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams ?? 1_024,
    'grpc.keepalive_time_ms': limits.keepaliveTimeMs ?? 30_000,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs ?? 10_000,
    // Channelz keeps counters per call that nobody reads here.
    'grpc.enable_channelz': 0,
  };
}

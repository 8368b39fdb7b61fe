import {
  ChannelCredentials,
  Client,
  experimental,
  Metadata,
  type ClientDuplexStream,
  type ServiceError,
  type VerifyOptions,
} from '@grpc/grpc-js';
import type { IdentitySource } from '../identity/types.js';
import { spiffeIdOfAltNames, formatSpiffeId } from '../identity/spiffe.js';
import { FixedRootsProvider, IdentityCertificateProvider } from './certificates.js';
import type { Method, NamedMethod } from './definition.js';
import { Status, StatusError } from './status.js';

export interface GrpcClientTls {
  /** PEM roots to trust; by default those of `identity`, which change with it. */
  readonly roots?: string;
  /** The client certificate; renewed ones serve new connections. */
  readonly identity?: IdentitySource;
  /** The SPIFFE ID that the server must have. Host names are not looked at then: addresses prove nothing. */
  readonly expectedUri?: string;
}

export interface GrpcClientOptions extends GrpcClientTls {
  /** Neither TLS nor verification. */
  readonly plaintext?: boolean;
  /** Largest answer. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Longest wait between two attempts to connect, in milliseconds. Default 5 s. */
  readonly maxReconnectBackoffMs?: number;
}

export interface CallOptions {
  /** From now; the call fails with DEADLINE_EXCEEDED after it. Default 10 s for unary calls. */
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A connection to one server that is made when it is needed and made again when it breaks. */
export class GrpcClient {
  readonly #client: Client;

  constructor(address: string, options: GrpcClientOptions) {
    this.#client = new Client(target(address), channelCredentials(options), {
      'grpc.max_receive_message_length': options.maxMessageBytes ?? 4 * 1024 * 1024,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': options.maxReconnectBackoffMs ?? 5_000,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      // A pool shared by clients would keep a connection, and its certificate, after close().
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_channelz': 0,
      'grpc.enable_http_proxy': 0,
      // TLS forbids an address as server name; who the server is, its URI says.
      ...(options.expectedUri && { 'grpc.ssl_target_name_override': new URL(options.expectedUri).host }),
    });
  }

  /** Calls once. Rejects with a {@link StatusError}. */
  unary<SQ, P>(
    method: NamedMethod<Method<'unary', SQ, unknown, never, P>>,
    request: SQ,
    options: CallOptions = {},
  ): Promise<P> {
    const { path, requestSerialize, responseDeserialize } = method;
    const callOptions = { deadline: Date.now() + (options.deadlineMs ?? 10_000) };
    return new Promise((resolve, reject) => {
      const answer = (error: ServiceError | null, response?: P) =>
        error ? reject(fromServiceError(error)) : resolve(response as P);
      const headers = toMetadata(options);
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        headers,
        callOptions,
        answer,
      );
    });
  }

  /** Opens a stream; its errors are the caller's to listen to. No deadline unless one is given. */
  bidi<SQ, P>(
    method: NamedMethod<Method<'bidi', SQ, unknown, never, P>>,
    options: CallOptions = {},
  ): ClientDuplexStream<SQ, P> {
    const callOptions = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
    const { path, requestSerialize, responseDeserialize } = method;
    return this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      toMetadata(options),
      callOptions,
    );
  }

  close(): void {
    this.#client.close();
  }
}

/** One call on a connection of its own. Rejects with a {@link StatusError}. */
export async function unaryCall<SQ, P>(
  address: string,
  method: NamedMethod<Method<'unary', SQ, unknown, never, P>>,
  request: SQ,
  options: GrpcClientOptions & CallOptions,
): Promise<P> {
  const client = new GrpcClient(address, options);
  try {
    return await client.unary(method, request, options);
  } finally {
    client.close();
  }
}

function channelCredentials(options: GrpcClientOptions): ChannelCredentials {
  if (options.plaintext) return ChannelCredentials.createInsecure();
  const { roots, identity, expectedUri } = options;
  const provider = identity && new IdentityCertificateProvider(identity);
  const rootsProvider = roots === undefined ? provider : new FixedRootsProvider(roots);
  if (!rootsProvider) throw new TypeError('a TLS client needs roots or an identity');
  const verify: VerifyOptions =
    expectedUri === undefined ? {} : { checkServerIdentity: uriCheck(expectedUri) };
  return experimental.createCertificateProviderChannelCredentials(rootsProvider, provider ?? null, verify);
}

/** The chain has been verified when this is called; it decides whose it is. */
function uriCheck(expectedUri: string): NonNullable<VerifyOptions['checkServerIdentity']> {
  return (_host, certificate) => {
    const id = spiffeIdOfAltNames(certificate.subjectaltname);
    const uri = id && formatSpiffeId(id);
    if (uri === expectedUri) return undefined;
    return new Error(`the server is ${uri ?? 'nobody with a SPIFFE ID'}, not ${expectedUri}`);
  };
}

/** Names go to DNS, numeric addresses and sockets as they are. */
function target(address: string): string {
  return address.startsWith('unix:') ? address : `dns:${address}`;
}

function toMetadata({ metadata = {} }: CallOptions): Metadata {
  const headers = new Metadata();
  for (const [key, value] of Object.entries(metadata)) headers.set(key, value);
  return headers;
}

function fromServiceError(error: ServiceError): StatusError {
  return new StatusError(error.code ?? Status.UNKNOWN, error.details || error.message, { cause: error });
}

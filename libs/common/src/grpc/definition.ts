import type { MethodDefinition as GrpcMethodDefinition } from '@grpc/grpc-js';

/** A class that protobufjs generated (`static-module`): what it takes to move its messages over the wire. */
export interface MessageClass<Encoded, Decoded = Encoded> {
  encode(message: Encoded): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Decoded;
}

export type MethodKind = 'unary' | 'clientStream' | 'serverStream' | 'bidi';

interface Codec<T> {
  readonly serialize: (message: T) => Buffer;
  readonly deserialize: (bytes: Buffer) => T;
}

/**
 * A method before it has a name. `Sent` and `Received` are the plain forms that `encode` takes, `Request` and
 * `Response` the decoded forms: protobufjs fills in defaults on the way.
 */
export interface Method<Kind extends MethodKind, SentRequest, Request, SentResponse, Response> {
  readonly kind: Kind;
  readonly requestSerialize: (message: SentRequest) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (message: SentResponse) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** A method of a service: ready for a grpc-js server or client. */
export type NamedMethod<M> = M & { readonly path: string } & Pick<
    GrpcMethodDefinition<unknown, unknown>,
    'requestStream' | 'responseStream'
  >;

/** The bound that every method fits: what goes in is of no type, what comes out of any. */
export type AnyMethod = Method<MethodKind, never, unknown, never, unknown>;
export type Methods = Readonly<Record<string, AnyMethod>>;
export type ServiceDefinition<M extends Methods = Methods> = { readonly [K in keyof M]: NamedMethod<M[K]> };

/** Names the methods of a service: `serviceDefinition('istio.v1.auth.X', { Call: unary(Request, Response) })`. */
export function serviceDefinition<M extends Methods>(name: string, methods: M): ServiceDefinition<M> {
  const named = Object.entries(methods).map(([method, definition]) => [
    method,
    {
      ...definition,
      path: `/${name}/${method}`,
      requestStream: definition.kind === 'bidi' || definition.kind === 'clientStream',
      responseStream: definition.kind === 'bidi' || definition.kind === 'serverStream',
    },
  ]);
  return Object.fromEntries(named) as ServiceDefinition<M>;
}

export function unary<SQ, Q, SP, P>(request: MessageClass<SQ, Q>, response: MessageClass<SP, P>) {
  return typed('unary', request, response);
}

export function clientStream<SQ, Q, SP, P>(request: MessageClass<SQ, Q>, response: MessageClass<SP, P>) {
  return typed('clientStream', request, response);
}

export function serverStream<SQ, Q, SP, P>(request: MessageClass<SQ, Q>, response: MessageClass<SP, P>) {
  return typed('serverStream', request, response);
}

export function bidi<SQ, Q, SP, P>(request: MessageClass<SQ, Q>, response: MessageClass<SP, P>) {
  return typed('bidi', request, response);
}

/** Bytes in, bytes out: for a stream whose messages are encoded once and shared by many peers. */
export function rawBidi(): Method<'bidi', Buffer, Buffer, Buffer, Buffer> {
  return withCodecs('bidi', rawCodec, rawCodec);
}

/** A unary method on bytes, for a handler that does its own decoding. */
export function rawUnary(): Method<'unary', Buffer, Buffer, Buffer, Buffer> {
  return withCodecs('unary', rawCodec, rawCodec);
}

const rawCodec: Codec<Buffer> = { serialize: (bytes) => bytes, deserialize: (bytes) => bytes };

function typed<K extends MethodKind, SQ, Q, SP, P>(
  kind: K,
  request: MessageClass<SQ, Q>,
  response: MessageClass<SP, P>,
): Method<K, SQ, Q, SP, P> {
  return {
    kind,
    requestSerialize: serializer(request),
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: serializer(response),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

function withCodecs<K extends MethodKind, T>(
  kind: K,
  request: Codec<T>,
  response: Codec<T>,
): Method<K, T, T, T, T> {
  return {
    kind,
    requestSerialize: request.serialize,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize,
    responseDeserialize: response.deserialize,
  };
}

/** protobufjs returns a Buffer on Node, typed as Uint8Array: a view of it copies nothing. */
function serializer<T>(message: MessageClass<T, unknown>): (value: T) => Buffer {
  return (value) => {
    const bytes = message.encode(value).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { AnyMethod, Method, NamedMethod, ServiceDefinition } from './definition.js';
import { Status, statusError, toStatusError } from './status.js';

type Awaitable<T> = T | Promise<T>;

/**
 * How each kind of method is implemented. A unary handler returns (or promises) its answer. A streaming handler
 * that returns nothing owns the stream and ends it; one that returns a promise has it ended when that settles.
 * Throw a {@link statusError} to answer with a status.
 */
export type Handler<M> =
  M extends Method<infer Kind, never, infer Request, infer SentResponse, unknown>
    ? {
        unary: (request: Request, call: ServerUnaryCall<Request, SentResponse>) => Awaitable<SentResponse>;
        clientStream: (call: ServerReadableStream<Request, SentResponse>) => Promise<SentResponse>;
        serverStream: (
          request: Request,
          call: ServerWritableStream<Request, SentResponse>,
        ) => Awaitable<void>;
        bidi: (call: ServerDuplexStream<Request, SentResponse>) => Awaitable<void>;
      }[Kind]
    : never;

export type Implementation<D> = { readonly [K in keyof D]: Handler<D[K]> };

/** The bound that every handler fits. */
type AnyHandler = (...args: never[]) => unknown;

/** A service that a server can hold; make it with {@link grpcService}, which checks handlers against methods. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: Readonly<Record<string, AnyHandler>>;
}

/** Pairs a definition with the handlers of all its methods. */
export function grpcService<D extends ServiceDefinition>(
  definition: D,
  implementation: Implementation<D>,
): GrpcService {
  return { definition, implementation: implementation as GrpcService['implementation'] };
}

/** What is told about a handler that threw something other than a status: a bug, worth a log line. */
export type UnexpectedErrorListener = (path: string, error: unknown) => void;

type StreamCall = ServerDuplexStream<unknown, unknown> | ServerWritableStream<unknown, unknown>;

/** The open streams of a server, so that its shutdown can end each with a status instead of a reset. */
export class OpenStreams {
  readonly #calls = new Set<StreamCall>();

  add(call: StreamCall): void {
    this.#calls.add(call);
    call.once('close', () => this.#calls.delete(call));
  }

  endAll(): void {
    for (const call of this.#calls)
      endStream(call, statusError(Status.UNAVAILABLE, 'the server is shutting down'));
  }
}

/** Ends a stream with a status; does nothing for one that is over. */
export function endStream(call: StreamCall, error: Error): void {
  if (!call.cancelled && !call.writableEnded) call.emit('error', error);
}

/** Turns a handler into what grpc-js calls, with every throw made a status of that call alone. */
export function wrapHandler(
  method: NamedMethod<AnyMethod>,
  handler: AnyHandler,
  streams: OpenStreams,
  onUnexpectedError: UnexpectedErrorListener,
): UntypedHandleCall {
  const fail = (error: unknown) => {
    const answer = toStatusError(error);
    if (answer !== error) onUnexpectedError(method.path, error);
    return answer;
  };
  switch (method.kind) {
    case 'unary':
      return (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) =>
        respond(() => handler(call.request as never, call as never), answer, fail);
    case 'clientStream':
      return (call: ServerReadableStream<unknown, unknown>, answer: sendUnaryData<unknown>) => {
        guardListeners(call, (error) => answer(fail(error)));
        respond(() => handler(call as never), answer, fail);
      };
    case 'serverStream':
      return (call: ServerWritableStream<unknown, unknown>) =>
        runStream(call, () => handler(call.request as never, call as never), streams, fail);
    case 'bidi':
      return (call: ServerDuplexStream<unknown, unknown>) =>
        runStream(call, () => handler(call as never), streams, fail);
  }
}

type Fail = (error: unknown) => Error;

function respond(run: () => unknown, answer: sendUnaryData<unknown>, fail: Fail): void {
  try {
    const result = run();
    // A handler that answers at once is spared the trip through the microtask queue.
    if (!(result instanceof Promise)) return answer(null, result);
    result.then(
      (value: unknown) => answer(null, value),
      (error: unknown) => answer(fail(error)),
    );
  } catch (error) {
    answer(fail(error));
  }
}

function runStream(call: StreamCall, run: () => unknown, streams: OpenStreams, fail: Fail): void {
  // A peer that goes away makes the handler's read or write fail: nobody is left to be told, and it is no bug.
  const failStream = (error: unknown) => {
    if (!call.cancelled) endStream(call, fail(error));
  };
  streams.add(call);
  guardListeners(call, failStream);
  try {
    const result = run();
    if (result instanceof Promise) result.then(() => void call.end(), failStream);
  } catch (error) {
    failStream(error);
  }
}

/** A throw in a listener of a stream would end the process: it ends the stream. */
function guardListeners(call: { emit: StreamCall['emit'] }, onThrow: (error: unknown) => void): void {
  const emit = call.emit.bind(call);
  call.emit = (event: string | symbol, ...args: unknown[]) => {
    try {
      return emit(event, ...args);
    } catch (error) {
      onThrow(error);
      return true;
    }
  };
}

import { Server, ServerCredentials, status, type handleUnaryCall } from '@grpc/grpc-js';

const asItIs = (bytes: Buffer): Buffer => bytes;
type Handler = handleUnaryCall<Buffer, Buffer>;

const backends = new Set<Server>();

/**
 * A gRPC server in this process that answers with its name. It fails two calls of three to `Flaky`, and never answers
 * to `Silent`.
 */
export async function startBackend(name: string): Promise<number> {
  let flaky = 0;
  const named: Handler = (_, reply) => reply(null, Buffer.from(name));
  const methods: Readonly<Record<string, Handler>> = {
    Call: named,
    Beta: named,
    Without: named,
    Aborted: named,
    Flaky: (call, reply) => (++flaky % 3 === 0 ? named(call, reply) : reply({ code: status.UNAVAILABLE })),
    Silent: () => undefined,
  };
  const server = new Server();
  backends.add(server);
  const codecs = {
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
  const definition = Object.keys(methods).map((method) => {
    const path = `/echo.Echo/${method}`;
    return [method, { path, requestStream: false, responseStream: false, ...codecs }] as const;
  });
  server.addService(Object.fromEntries(definition), methods);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

export function stopBackends(): void {
  for (const server of backends) server.forceShutdown();
  backends.clear();
}

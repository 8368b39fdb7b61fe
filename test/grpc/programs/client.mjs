/**
 * A gRPC client without a proxy that calls what a test tells it to, over HTTP: see client.py, which takes the same.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client, Metadata, credentials, status } from '@grpc/grpc-js';
import { XdsChannelCredentials, register } from '@grpc/grpc-js-xds';

register();
const clients = new Map();

function clientOf(target, mesh) {
  const key = `${target} ${mesh}`;
  const plain = credentials.createInsecure();
  if (!clients.has(key))
    clients.set(key, new Client(target, mesh ? new XdsChannelCredentials(plain) : plain));
  return clients.get(key);
}

const asItIs = (bytes) => bytes;

function call({ target, method = '/echo.Echo/Call', metadata = {}, timeout = 20, mesh = false }) {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + timeout * 1000 };
    const done = (error, reply) => {
      if (error) console.error(error.details);
      resolve(error ? status[error.code] : reply.toString());
    };
    const sent = Metadata.fromHttp2Headers(metadata);
    clientOf(target, mesh).makeUnaryRequest(method, asItIs, asItIs, Buffer.alloc(0), sent, options, done);
  });
}

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end();
  const { calls = 1, ...asked } = JSON.parse(await text(request));
  const answers = {};
  for (let n = 0; n < calls; n++) {
    const answer = await call(asked);
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
  response.end(JSON.stringify(answers));
});
server.listen(Number(process.argv[2]), '127.0.0.1');

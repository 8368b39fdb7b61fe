/** Asks a Mixer as many Envoys would, 32 calls in flight: as many calls as each message from the parent says. */
import { Client, credentials } from '@grpc/grpc-js';
import { CHECK_REQUEST } from './fixtures.js';

const IN_FLIGHT = 32;
const METHOD = '/envoy.service.auth.v3.Authorization/Check';

const client = new Client(process.argv[2] ?? '', credentials.createInsecure());
const request = Buffer.from(CHECK_REQUEST);
const asIs = (bytes: Buffer) => bytes;

function call(): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(METHOD, asIs, asIs, request, (error) => (error ? reject(error) : resolve()));
  });
}

process.on('message', (calls: number) => {
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  void Promise.all(Array.from({ length: IN_FLIGHT }, worker)).then(() => process.send?.('done'));
});
process.on('disconnect', () => process.exit(0));

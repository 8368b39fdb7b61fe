import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpClient } from './http-client.js';

/** Answers beside this thread, whatever this one does; `/never` not at all. */
const SERVER = `
const { parentPort } = require('node:worker_threads');
const server = require('node:http').createServer((request, response) => {
  if (request.url !== '/never') response.end('hello');
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('HttpClient', () => {
  let worker: Worker;
  let client: HttpClient;
  beforeEach(async () => {
    worker = new Worker(SERVER, { eval: true });
    const [port] = (await once(worker, 'message')) as [number];
    client = new HttpClient('127.0.0.1', port);
  });
  afterEach(async () => {
    client.close();
    await worker.terminate();
  });

  it('says of a server that does not answer that it did not in time', async () => {
    expect(await client.get('/never', { timeoutMs: 50 })).toMatchObject({
      status: 0,
      body: 'no answer in time',
    });
  });

  it('takes an answer that came while this process stood still', async () => {
    await client.get('/');
    const answer = client.get('/', { timeoutMs: 200 });
    setImmediate(() => standStill(2_000));
    expect(await answer).toMatchObject({ status: 200, body: 'hello' });
  });
});

import { connect } from 'node:http2';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { freePorts } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import type { Backend } from './support/backend.js';
import { grpcBackend, httpBackend } from './support/backend.js';
import { http, tcp } from './support/calls.js';
import type { Proxy } from './support/proxy.js';
import { startProxy } from './support/proxy.js';
import { virtualService } from './support/scene.js';

const entry = (name: string, protocol: string, port: number, backend: Backend): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.default.svc.cluster.local]
  ports: [{number: ${port}, name: p, protocol: ${protocol}}]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {p: ${backend.port}}}]
---`;

/** The proxy of an application that speaks HTTP/1.0. */
const OLD = '127.77.0.4';

describe('a sidecar carries', () => {
  let proxy: Proxy;
  let webPort = 0;
  let grpcPort = 0;
  let browserPort = 0;
  let grpc: Backend;

  beforeAll(async () => {
    const web = await httpBackend('web');
    grpc = await grpcBackend('grpc');
    [webPort = 0, grpcPort = 0, browserPort = 0] = await freePorts(3);
    const client = {
      config:
        entry('web', 'HTTP', webPort, web) +
        entry('grpc', 'GRPC', grpcPort, grpc) +
        entry('browsers', 'GRPC-WEB', browserPort, grpc) +
        virtualService(
          'grpc',
          '- match: [{uri: {prefix: /pkg.Blocked/}}]\n  directResponse: {status: 403}\n- route: [{destination: {host: grpc}}]',
        ),
      address: '127.77.0.3',
      name: 'client',
      identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/client'),
    };
    proxy = await startProxy(client);
    await startProxy({ ...client, address: OLD, bind: OLD, metadata: { HTTP10: '1' } });
  }, 60_000);

  it('HTTP/1.0 not, which has to be asked for', async () => {
    expect(await tcp('127.0.0.1', webPort, 'GET / HTTP/1.0\r\nhost: web\r\n\r\n')).toMatch(/^HTTP\/1.1 426/);
  });

  it('HTTP/1.0 where its proxy says so', async () => {
    expect(await tcp(OLD, webPort, 'GET / HTTP/1.0\r\nhost: web\r\n\r\n')).toMatch(/ 200 .*"name":"web"/s);
  });

  it('HTTP/1.1', async () =>
    expect((await http({ port: webPort, authority: 'web' })).served?.name).toBe('web'));

  it('WebSockets', async () => {
    const upgrade =
      'GET /socket HTTP/1.1\r\nhost: web\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
      'sec-websocket-version: 13\r\nsec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\nhello';
    expect(await tcp('127.0.0.1', webPort, upgrade, 'web:hello')).toMatch(/^HTTP\/1.1 101 .*web:hello$/s);
  });

  async function call(path: string): Promise<Record<string, unknown>> {
    const session = connect(`http://127.0.0.1:${grpcPort}`);
    const headers = {
      ':method': 'POST',
      ':path': path,
      ':authority': 'grpc',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    const stream = session.request(headers);
    const seen: Record<string, unknown> = {};
    stream.on('response', (heads) => Object.assign(seen, heads));
    stream.on('trailers', (trailers) => Object.assign(seen, trailers));
    stream.resume().end();
    await new Promise((resolve) => stream.once('close', resolve));
    session.close();
    return seen;
  }

  it('gRPC with its trailers', async () => {
    expect(await call('/pkg.Service/Method')).toMatchObject({
      ':status': 200,
      'grpc-status': '0',
      'x-backend': 'grpc',
    });
    expect(grpc.seen.at(-1)?.path).toBe('/pkg.Service/Method');
  });

  it('gRPC from browsers, in the words of gRPC', async () => {
    const frame = Buffer.from([0, 0, 0, 0, 0]).toString('latin1');
    const request =
      'POST /pkg.Service/FromBrowser HTTP/1.1\r\nhost: browsers\r\ncontent-type: application/grpc-web+proto\r\n' +
      `x-grpc-web: 1\r\nconnection: close\r\ncontent-length: ${frame.length}\r\n\r\n${frame}`;
    const answer = await tcp('127.0.0.1', browserPort, request);
    expect(answer).toMatch(/^HTTP\/1.1 200 .*content-type: application\/grpc-web\+proto.*grpc-status:0/s);
    expect(grpc.seen.at(-1)).toMatchObject({
      path: '/pkg.Service/FromBrowser',
      headers: { 'content-type': expect.stringMatching(/^application\/grpc(\+proto)?$/) },
    });
  });

  it('the answer of a route to gRPC as a status of gRPC', async () => {
    expect(await call('/pkg.Blocked/Method')).toMatchObject({ 'grpc-status': '7' });
  });

  it('and the simulator knows where', () => {
    const request = {
      method: 'POST',
      authority: 'grpc',
      path: '/pkg.Service/Method',
      version: 'h2' as const,
    };
    const outcome = proxy.simulate({ destination: { address: '10.0.0.1', port: grpcPort }, http: request });
    expect(outcome).toMatchObject({
      kind: 'http',
      action: {
        kind: 'forward',
        targets: [{ cluster: `outbound|${grpcPort}||grpc.default.svc.cluster.local` }],
      },
    });
  });
});

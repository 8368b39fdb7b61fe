import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/edge';
import { until } from '#common/testing';
import { configChange } from '../testing/config.js';
import { startMixer } from '../testing/mixer.js';
import type { TestMixer } from '../testing/mixer.js';

const { CheckRequest, CheckResponse } = envoy.service.auth.v3;
const { StreamAccessLogsMessage } = envoy.service.accesslog.v3;
const CHECK = '/envoy.service.auth.v3.Authorization/Check';
const LOGS = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';

const asIs = (bytes: Buffer) => bytes;
const resource = (kind: string, name: string, spec: string) =>
  `apiVersion: config.istio.io/v1alpha2\nkind: ${kind}\nmetadata: { name: ${name}, namespace: istio-system }\nspec: ${spec}\n---\n`;

describe('the servers', () => {
  let mixer: TestMixer;
  let client: Client;

  async function start(yaml: string | undefined): Promise<void> {
    mixer = await startMixer(yaml === undefined ? undefined : configChange({ 'config.yaml': yaml }));
    client = new Client(mixer.address, credentials.createInsecure());
  }

  afterEach(async () => {
    client.close();
    await mixer.close();
  });

  function check(path: string): Promise<{ code: status; body?: string }> {
    const request = Buffer.from(
      CheckRequest.encode({ attributes: { request: { http: { path } } } }).finish(),
    );
    return new Promise((resolve) => {
      client.makeUnaryRequest(CHECK, asIs, asIs, request, (error, answer) => {
        if (error) return resolve({ code: error.code });
        const { deniedResponse } = CheckResponse.decode(answer ?? Buffer.alloc(0));
        resolve({ code: status.OK, ...(deniedResponse?.body ? { body: deniedResponse.body } : {}) });
      });
    });
  }

  function stream(first: Buffer): { answer: Promise<number>; cancel: () => void } {
    let cancel = () => undefined as void;
    const answer = new Promise<number>((resolve) => {
      const call = client.makeClientStreamRequest(LOGS, asIs, asIs, (error) =>
        resolve(error?.code ?? status.OK),
      );
      cancel = () => call.cancel();
      call.write(first);
    });
    return { answer, cancel };
  }

  it('decide nothing before there is a config', async () => {
    await start(undefined);
    expect(await check('/')).toEqual({ code: status.UNAVAILABLE });
    mixer.runtimes.update(configChange({}));
    expect(await check('/')).toEqual({ code: status.OK });
  });

  it('answer a bad message with an error of its own stream', async () => {
    await start('');
    const identifier = { logName: 'inbound', node: {} };
    const good = stream(Buffer.from(StreamAccessLogsMessage.encode({ identifier }).finish()));
    expect(await stream(Buffer.alloc(0)).answer).toBe(status.INVALID_ARGUMENT);
    expect(await stream(Buffer.from([0xff, 0xff])).answer).toBe(status.INTERNAL);
    expect(await check('/')).toEqual({ code: status.OK });
    good.cancel();
    expect(await good.answer).toBe(status.CANCELLED);
  });

  it('take lists from a URL, and decide nothing while there is none', async () => {
    let [list, up] = ['/a\n/b\n', false];
    const provider = createServer((_request, response) => response.writeHead(up ? 200 : 503).end(list));
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/list`;
    await start(
      resource(
        'handler',
        'list',
        `{ compiledAdapter: listchecker, params: { providerUrl: '${url}', refreshInterval: 1s } }`,
      ) +
        resource('instance', 'path', '{ compiledTemplate: listentry, params: { value: request.path } }') +
        resource('rule', 'paths', '{ actions: [{ handler: list, instances: [path] }] }'),
    );
    expect(await check('/a')).toEqual({ code: status.INTERNAL });
    up = true;
    await until(async () => (await check('/a')).code === status.OK, { what: 'the list' });
    expect(await check('/c')).toEqual({
      code: status.OK,
      body: 'PERMISSION_DENIED:list.handler.istio-system:/c is not whitelisted',
    });
    list = '/c\n';
    await until(async () => (await check('/c')).body === undefined, { what: 'the new list' });
    provider.close();
    provider.closeAllConnections();
  });
});

import { expect } from '@jest/globals';
import type { Call, Outcome } from '#app/pilot';
import type { HttpAnswer } from './calls.js';
import { http } from './calls.js';
import type { Proxy } from './proxy.js';

/** One request and what has to become of it; the simulator is asked the same. */
export interface HttpCase {
  readonly name: string;
  readonly authority?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The service's port by its place in the mesh of the test, 0 by default. */
  readonly port?: number;
  readonly status?: number;
  /** The backends that may answer; none where Envoy does. */
  readonly by?: string | readonly string[];
  /** What the backend saw. */
  readonly saw?: {
    readonly path?: string;
    readonly host?: string;
    readonly headers?: Readonly<Record<string, string | undefined>>;
  };
  readonly answer?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

export interface Scene {
  readonly proxy: Proxy;
  readonly ports: readonly number[];
  readonly authority: string;
  /** By which the endpoints of the backends are told apart. */
  readonly portOf: (backend: string) => number;
}

/** Makes the call, holds it against the case, and the simulator against both. */
export async function checkHttp(scene: Scene, one: HttpCase): Promise<HttpAnswer> {
  const { authority = scene.authority, method = 'GET', path = '/', headers = {} } = one;
  const port = scene.ports[one.port ?? 0] ?? 0;
  const answer = await http({ port, authority, method, path, headers });
  const by = one.by === undefined ? [] : [one.by].flat();
  expect(answer.status).toBe(one.status ?? 200);
  if (by.length > 0) expect(by).toContain(answer.served?.name);
  else expect(answer.served).toBeUndefined();
  if (one.saw?.path !== undefined) expect(answer.served?.path).toBe(one.saw.path);
  if (one.saw?.host !== undefined) expect(answer.served?.headers.host).toBe(one.saw.host);
  expectHeaders(answer.served?.headers ?? {}, one.saw?.headers ?? {});
  expectHeaders(answer.headers, one.answer ?? {});
  if (one.body !== undefined) expect(answer.body).toBe(one.body);
  const call = {
    destination: { address: '127.0.0.1', port },
    source: SOURCE,
    http: { method, authority, path, headers },
  };
  expectSimulated(scene, call, answer);
  return answer;
}

const SOURCE = { address: '127.0.0.1', port: 40_000 };

function expectHeaders(
  seen: HttpAnswer['headers'],
  wanted: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value] of Object.entries(wanted)) expect([name, seen[name]]).toEqual([name, value]);
}

/** Whether the simulator foresaw the answer. */
export function expectSimulated({ proxy, portOf }: Scene, call: Call, answer: HttpAnswer): void {
  const outcome = proxy.simulate(call);
  expect(outcome.kind).toBe('http');
  const { action, fault } = outcome as Extract<Outcome, { kind: 'http' }>;
  if (!answer.served && fault?.abort?.percent) return;
  switch (action.kind) {
    case 'none':
      return expect(answer.status).toBe(404);
    case 'redirect':
      return expect([answer.status, answer.headers.location]).toEqual([action.status, action.location]);
    case 'direct':
      return expect([answer.status, answer.body]).toEqual([action.status, action.body]);
    case 'preflight':
      return expect(answer.headers).toMatchObject(action.headers);
    case 'forward': {
      if (!answer.served) return;
      const { served } = answer;
      const target = action.targets.find(({ endpoints = [] }) =>
        endpoints.some(({ address }) => address.endsWith(`:${portOf(served.name)}`)),
      );
      expect([target?.path, target?.authority]).toEqual([served.path, served.headers.host]);
    }
  }
}

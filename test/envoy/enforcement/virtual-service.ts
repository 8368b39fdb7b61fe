import { expect } from '@jest/globals';
import type { Proof } from './proof.js';
import type { Trio } from './trio.js';
import { routes, service } from './trio.js';

const to = (host: string): string => `route: [{destination: {host: ${host}}}]`;
/** Envoy counts the requests of a route by its statPrefix, in the proxy that chose the route. */
const CHOSEN = '^vhost\\..*HOST.*\\.route\\.chosen\\.upstream_rq_total$';
const chosen = 'match: [{uri: {prefix: /chosen}, statPrefix: chosen}]';

const proof = (
  id: string,
  witness: string,
  http: (host: string) => string,
  path: string,
  rest: Partial<Proof> = {},
): Proof => ({
  row: `VirtualService ${id}`,
  config: (host, { app }) => `${service(host, app)}${routes(host, `[${http(host)}]`)}`,
  calls: [{ path }],
  witness,
  ...rest,
});

/** Who asks the callee without a proxy meets none of it. */
const unlessStraight =
  (path: string, seen: (answer: Awaited<ReturnType<Trio['call']>>) => unknown, changed: unknown) =>
  async (trio: Trio, authority: string): Promise<void> => {
    expect(seen(await trio.call('caller', { authority, path }))).toEqual(changed);
    expect(seen(await trio.call('callee', { authority, path }))).not.toEqual(changed);
  };

export const VIRTUAL_SERVICE_PROOFS: readonly Proof[] = [
  proof('http-match', CHOSEN, (host) => `{${chosen}, ${to(host)}}`, '/chosen', {
    check: unlessStraight('/other', ({ status }) => status, 404),
  }),
  proof(
    'http-redirect',
    '^http\\..*\\.rq_(redirect|direct_response)$',
    () => '{redirect: {uri: /new}}',
    '/',
    {
      check: unlessStraight('/', ({ status }) => status, 301),
    },
  ),
  proof(
    'http-direct-response',
    '^http\\..*\\.rq_direct_response$',
    () => '{directResponse: {status: 418}}',
    '/',
    {
      check: unlessStraight('/', ({ status }) => status, 418),
    },
  ),
  proof('http-rewrite', CHOSEN, (host) => `{${chosen}, rewrite: {uri: /new}, ${to(host)}}`, '/chosen', {
    check: unlessStraight('/chosen', ({ served }) => served?.path, '/new'),
  }),
  proof(
    'http-timeout',
    '^cluster\\..*HOST.*\\.upstream_rq_timeout$',
    (host) => `{timeout: 50ms, retries: {attempts: 0}, ${to(host)}}`,
    '/slow',
  ),
  proof(
    'http-retries',
    '^cluster\\..*HOST.*\\.upstream_rq_retry$',
    (host) => `{retries: {attempts: 2, retryOn: 5xx, backoff: 1ms}, ${to(host)}}`,
    '/status/500',
  ),
  proof(
    'http-fault',
    '^http\\..*\\.fault\\.aborts_injected$',
    (host) => `{fault: {abort: {httpStatus: 555, percentage: {value: 100}}}, ${to(host)}}`,
    '/',
    { check: unlessStraight('/', ({ status }) => status, 555) },
  ),
  {
    ...proof('http-mirror', '^cluster\\..*shadow\\.test.*\\.upstream_rq_total$', () => '', '/'),
    config: (host, { app }) => {
      const http = `[{mirror: {host: shadow.test}, ${to(host)}}]`;
      return `${service(host, app)}${service('shadow.test', app)}${routes(host, http)}`;
    },
  },
  proof(
    'http-cors',
    '^http\\..*\\.cors\\.origin_valid$',
    (host) =>
      `{corsPolicy: {allowOrigins: [{exact: "https://a.example"}], allowMethods: [GET]}, ${to(host)}}`,
    '/',
    { calls: [{ headers: { origin: 'https://a.example' } }] },
  ),
  proof(
    'http-headers',
    CHOSEN,
    (host) => `{${chosen}, headers: {request: {set: {x-set: new}}}, ${to(host)}}`,
    '/chosen',
    { check: unlessStraight('/chosen', ({ served }) => served?.headers['x-set'], 'new') },
  ),
  {
    ...proof('http-delegate', CHOSEN, () => '', '/chosen'),
    config: (host, { app }) => `${service(host, app)}${routes(host, '[{delegate: {name: delegated}}]')}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: delegated}
spec: {http: [{${chosen}, ${to(host)}}]}
---`,
  },
];

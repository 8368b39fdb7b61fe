import type { IncomingHttpHeaders } from 'node:http';
import type { Expected, ExpectedForward, ExpectedRetry, Headers, TestRequest } from '../oracle/expected.js';
import type { Hit } from './echo-servers.js';
import type { Observed } from './envoy-rig.js';
import { FAIL_HEADER } from './requests.js';

/** What of an answer is not as it has to be; nothing where all is well. */
export function verdict(expected: Expected, request: TestRequest, observed: Observed): string[] {
  const { fault } = expected;
  // Timers are a little early where the loop that they run on is busy; undelayed answers take a millisecond or two.
  const early = fault?.delay?.percent === 100 && observed.milliseconds < fault.delay.ms / 2;
  const wrong = early ? [`came after ${observed.milliseconds} ms`] : [];
  const aborted = fault?.abort && observed.status === abortStatus(fault.abort) && !observed.served;
  if (fault?.abort?.percent === 100) return aborted ? wrong : [...wrong, `not aborted: ${observed.status}`];
  if (fault?.abort?.percent && aborted) return wrong;
  return [...wrong, ...answerVerdict(expected.answer, request, observed)];
}

type Abort = NonNullable<NonNullable<Expected['fault']>['abort']>;

/** A client that speaks no gRPC gets the status of HTTP that gRPC travels with. */
function abortStatus({ httpStatus = 200 }: Abort): number {
  return httpStatus;
}

function answerVerdict(answer: Expected['answer'], request: TestRequest, observed: Observed): string[] {
  switch (answer.kind) {
    case 'blocked':
      return is('status', 502, observed.status);
    case 'none':
      return is('status', 404, observed.status);
    case 'redirect':
      return [
        ...is('status', answer.status, observed.status),
        ...is('location', answer.location, observed.headers.location),
        ...has(answer.headers, observed.headers),
      ];
    case 'direct':
      return [
        ...is('status', answer.status, observed.status),
        ...is('body', answer.body, observed.body),
        ...has(answer.headers, observed.headers),
      ];
    case 'preflight':
      return [
        ...is('status', 200, observed.status),
        ...has(answer.headers, observed.headers),
        ...unserved(observed),
      ];
    case 'forward':
      return forwardVerdict(answer, request, observed);
  }
}

function forwardVerdict(answer: ExpectedForward, request: TestRequest, observed: Observed): string[] {
  const { served, status, headers } = observed;
  if (!served) {
    const nowhere = answer.destinations.some(({ endpoints = [] }) => endpoints.length === 0);
    return nowhere ? is('status', 503, status) : [`no server answered, status ${status}`];
  }
  const found = answer.destinations.filter(({ endpoints }) => endpoints?.includes(served.endpoint));
  // Destinations may share endpoints: one of them has to explain all that was seen.
  const reasons = found.map((destination) => [
    ...is('authority', destination.authority, served.authority),
    ...same('request header', TEST_HEADERS, destination.request, served.headers),
    ...same('response header', TEST_RESPONSE_HEADERS, destination.response, headers),
  ]);
  const best = reasons.sort((a, b) => a.length - b.length)[0] ?? [`went to ${served.endpoint}`];
  return [
    ...best,
    ...is('status', Number(request.headers[FAIL_HEADER] ?? 200), status),
    ...is('path', answer.path, served.path),
    ...timeoutVerdict(answer, served),
    ...is('attempts', attemptsOf(answer.retry, request), Number(served.headers['x-envoy-attempt-count'])),
    ...same('CORS header', CORS_HEADERS, answer.cors, headers),
  ];
}

const TEST_HEADERS = ['x-a', 'x-b', 'x-c', 'x-d', 'h-one', 'h-two', 'user', 'cookie', 'origin'];
const TEST_RESPONSE_HEADERS = ['x-r-a', 'x-r-b', 'x-r-c', 'x-r-d'];
const CORS_HEADERS = ['origin', 'credentials'].map((name) => `access-control-allow-${name}`);

/** Envoy tells the server how much time it has: a retry no more than what is left. */
function timeoutVerdict({ timeoutMs, retry }: ExpectedForward, { headers }: Hit): string[] {
  const told = Number(headers['x-envoy-expected-rq-timeout-ms'] ?? 0);
  const limits = [timeoutMs, retry?.perTryTimeoutMs ?? 0].filter((limit) => limit > 0);
  const wanted = limits.length > 0 ? Math.min(...limits) : 0;
  const isRetry = headers['x-envoy-attempt-count'] !== '1';
  return isRetry && told > 0 && told < wanted ? [] : is('timeout', wanted, told);
}

/** How often a server that always fails is asked. */
export function attemptsOf(retry: ExpectedRetry | undefined, { headers }: TestRequest): number {
  const status = Number(headers[FAIL_HEADER] ?? 200);
  if (!retry || status === 200) return 1;
  const retried =
    (retry.on.includes('5xx') && status >= 500) ||
    (retry.on.includes('gateway-error') && [502, 503, 504].includes(status)) ||
    (retry.on.includes('retriable-status-codes') && retry.statusCodes.includes(status));
  return retried ? retry.attempts + 1 : 1;
}

/** How often the servers are asked in all, with the copies: at least and at most. */
export function expectedHits(
  expected: Expected,
  request: TestRequest,
  served: boolean,
): readonly [number, number] {
  const { answer } = expected;
  const reaches = served || (expected.fault?.abort === undefined && answer.kind === 'forward');
  if (answer.kind !== 'forward' || !reaches) return [0, 0];
  const copies = answer.mirrors.filter(({ endpoints = [] }) => endpoints.length > 0);
  const sure = copies.filter(({ percent }) => percent === 100).length;
  const own = served ? attemptsOf(answer.retry, request) : 0;
  // A request without a destination is not copied either.
  return [own + (served ? sure : 0), own + copies.length];
}

/** Whether copies are where they may be. */
export function strayHits({ answer }: Expected, hits: readonly Hit[]): string[] {
  if (answer.kind !== 'forward') return hits.map(({ endpoint }) => endpoint);
  const allowed = [...answer.destinations, ...answer.mirrors].flatMap(({ endpoints = [] }) => endpoints);
  return hits.map(({ endpoint }) => endpoint).filter((endpoint) => !allowed.includes(endpoint));
}

function is(what: string, expected: unknown, seen: unknown): string[] {
  return expected === seen ? [] : [`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`];
}

function has(expected: Headers, seen: IncomingHttpHeaders): string[] {
  return same('header', Object.keys(expected), expected, seen);
}

function same(
  what: string,
  names: readonly string[],
  expected: Headers,
  seen: IncomingHttpHeaders,
): string[] {
  return names.flatMap((name) =>
    is(`${what} ${name}`, expected[name], seen[name]?.toString().replaceAll(', ', ',')),
  );
}

function unserved({ served }: Observed): string[] {
  return served ? [`reached ${served.endpoint}`] : [];
}

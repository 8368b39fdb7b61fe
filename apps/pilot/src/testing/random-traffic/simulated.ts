import type { HttpRequest, Outcome } from '../../simulate/index.js';
import { changedHeaders, simulate } from '../../simulate/index.js';
import type { ForwardTarget } from '../../simulate/index.js';
import type { Translation } from '../../translate.js';
import type {
  Expected,
  ExpectedAnswer,
  ExpectedDestination,
  Headers,
  TestRequest,
} from '../oracle/expected.js';
import { PROTO, SERVER_HEADERS } from '../oracle/oracle.js';
import { clusterPolicy } from './cluster-policy.js';

/** Changes what the simulator is given or says, to see whether it is noticed. */
export interface Planted {
  readonly translation?: (translation: Translation) => Translation;
  readonly outcome?: (outcome: Outcome) => Outcome;
}

/** What the simulator says of a request through a sidecar, in the oracle's words. */
export function simulated(
  translation: Translation,
  request: TestRequest,
  planted: Planted = {},
): Pick<Expected, 'answer' | 'fault'> {
  const { path, authority, method, headers, port } = request;
  const http: HttpRequest = { method, authority, path, headers };
  const call = {
    destination: { address: '10.255.0.1', port },
    source: { address: '127.0.0.1', port: 1 },
    http,
  };
  const outcome = (planted.outcome ?? ((same) => same))(simulate(translation, call));
  if (outcome.kind !== 'http') return { answer: { kind: 'none' } };
  const { fault } = outcome;
  return { answer: answerOf(translation, outcome, headers), ...(fault && { fault }) };
}

function answerOf(
  translation: Translation,
  { action, virtualHost }: Extract<Outcome, { kind: 'http' }>,
  headers: Headers,
): ExpectedAnswer {
  switch (action.kind) {
    case 'none':
    case 'preflight':
      return action;
    case 'redirect':
    case 'direct':
      if (virtualHost === 'block_all') return { kind: 'blocked' };
      return { ...action, headers: Object.fromEntries(changedHeaders({}, action.headers)) };
    case 'forward': {
      const { targets, mirrors, ...rest } = action;
      return {
        ...rest,
        path: targets[0]?.path ?? '',
        destinations: targets.map((target) => destinationOf(translation, target, headers)),
        mirrors: mirrors.map(({ cluster, percent, endpoints }) => {
          return { destination: shown(cluster), percent, endpoints: addressesOf(endpoints) };
        }),
      };
    }
  }
}

function destinationOf(
  translation: Translation,
  target: ForwardTarget,
  headers: Headers,
): ExpectedDestination {
  const { cluster, weight, authority, endpoints, request, response } = target;
  return {
    destination: shown(cluster),
    weight,
    authority,
    endpoints: addressesOf(endpoints),
    request: Object.fromEntries([...changedHeaders(headers, request)].filter(([name]) => name !== PROTO)),
    response: Object.fromEntries(changedHeaders(SERVER_HEADERS, response)),
    policy: clusterPolicy(translation, cluster),
  };
}

function addressesOf(endpoints: ForwardTarget['endpoints']): string[] | undefined {
  return endpoints?.map(({ address }) => address).sort();
}

/** `outbound|80|v1|a.example.com` as `a.example.com:80/v1`. */
function shown(cluster: string): string {
  const [, port = '', subset = '', host = ''] = cluster.split('|');
  return `${host}:${port}${subset && `/${subset}`}`;
}

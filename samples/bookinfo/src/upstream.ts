import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';

/** Where the other services are found, and the proxy to go through. */
export interface Upstreams {
  /** `http://127.10.0.2:15002`: a sidecar's HTTP proxy listener. Absent: calls go to the addresses themselves. */
  readonly proxy?: URL;
  /** Base URL by service name. */
  readonly urls: Readonly<Record<'details' | 'reviews' | 'ratings', URL>>;
}

export interface Answer {
  readonly status: number;
  /** The JSON body; undefined where there is none. */
  readonly body: unknown;
}

/**
 * Headers that a service hands on: a trace is one trace only if every hop names it, and routes may depend on the user.
 *
 * @see https://istio.io/latest/docs/tasks/observability/distributed-tracing/overview/
 */
const PROPAGATED = [
  'x-request-id',
  'traceparent',
  'tracestate',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'b3',
  'end-user',
  'user-agent',
];

const TIMEOUT_MS = 10_000;
const agent = new Agent({ keepAlive: true });

/** Calls another service on behalf of `incoming`. Resolves with 503 where there is no answer. */
export function call(
  upstreams: Upstreams,
  service: keyof Upstreams['urls'],
  path: string,
  incoming: IncomingHttpHeaders,
): Promise<Answer> {
  const url = new URL(path, upstreams.urls[service]);
  // Node's client knows no HTTP_PROXY, and undici tunnels: a sidecar wants the absolute form, sent to itself.
  const { proxy } = upstreams;
  const target = proxy
    ? { host: proxy.hostname, port: proxy.port, path: url.href }
    : { host: url.hostname, port: url.port, path: url.pathname + url.search };
  const headers = { ...pick(incoming), host: url.host };
  return new Promise((resolve) => {
    const unavailable = () => resolve({ status: 503, body: undefined });
    const outgoing = request({ ...target, agent, headers, timeout: TIMEOUT_MS }, (response) => {
      void readJson(response).then(
        (body) => resolve({ status: response.statusCode ?? 503, body }),
        unavailable,
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', unavailable);
    outgoing.end();
  });
}

function pick(incoming: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of PROPAGATED) {
    const value = incoming[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import { Agent, request } from 'node:http';

/** An answer, or the lack of one (status 0, `body` says why). */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Milliseconds of performance.now() at which it was complete. */
  readonly at: number;
  /** Milliseconds from sending to the last byte. */
  readonly took: number;
}

export interface GetOptions {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** GETs from one server over kept connections; a lost connection is an answer, not an exception. */
export class HttpClient {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(
    readonly hostname: string,
    readonly port: number,
  ) {}

  get(path: string, options: GetOptions = {}): Promise<HttpAnswer> {
    const { hostname, port, agent } = this;
    const headers = { host: options.host ?? `${hostname}:${port}`, ...options.headers };
    const started = performance.now();
    return new Promise((resolve) => {
      let ended = false;
      const end = (status: number, body: string, received: HttpAnswer['headers'] = {}) => {
        const at = performance.now();
        ended = true;
        resolve({ status, body, headers: received, at, took: at - started });
      };
      const sent = request({ hostname, port, path, agent, headers, timeout: options.timeoutMs ?? 10_000 });
      sent.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => end(response.statusCode ?? 0, body, response.headers));
        response.on('error', (error) => end(0, error.message));
      });
      // Timers go before sockets: where it was this process that stood still, the answer may be there.
      sent.on('timeout', () => setImmediate(() => ended || sent.destroy(new Error('no answer in time'))));
      sent.on('error', (error) => end(0, error.message));
      sent.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from '#common/flags';

/** What the status server tells, asked for anew with each request. */
export interface StatusSource {
  /** Why the proxy must not get traffic; empty where it may. */
  reasonsNotReady(): Promise<readonly string[]>;
  /** Further facts for the reader of /healthz/ready. */
  facts(): object;
  /** Envoy's statistics and the agent's own in Prometheus' text format. */
  metrics(): Promise<string>;
}

/** `/healthz/ready`, `/healthz/live` and `/stats/prometheus`, on Istio's port 15020. */
export class StatusServer {
  private readonly server: Server;

  constructor(private readonly source: StatusSource) {
    this.server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 });
    this.server.maxConnections = 64;
    this.server.on('request', (request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      this.answer(path, response).catch((error: Error) => write(response, 503, 'text/plain', error.message));
    });
  }

  /** Listens, and returns where; rejects with the system's error. */
  async listen({ host, port }: Address): Promise<Address> {
    this.server.listen(port, host);
    await once(this.server, 'listening');
    return { host, port: (this.server.address() as AddressInfo).port };
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    if (path === '/healthz/ready') return this.answerReady(response);
    if (path === '/healthz/live') return write(response, 200, 'text/plain', 'ok\n');
    if (path === '/stats/prometheus' || path === '/metrics') {
      return write(response, 200, 'text/plain; version=0.0.4', await this.source.metrics());
    }
    write(response, 404, 'text/plain', 'not found\n');
  }

  private async answerReady(response: ServerResponse): Promise<void> {
    const reasons = await this.source.reasonsNotReady();
    const ready = reasons.length === 0;
    const body = { ready, reasons, ...this.source.facts() };
    write(response, ready ? 200 : 503, 'application/json', `${JSON.stringify(body)}\n`);
  }
}

function write(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

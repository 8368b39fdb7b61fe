import { createServer, type Server } from 'node:http';
import type { Address } from '../flags/index.js';
import { Readiness } from './readiness.js';

/**
 * `/healthz` and `/readyz` of a service that cannot start yet: it lives, and says what it waits for. Serves nothing
 * before there is something to say, for most starts wait for nothing.
 */
export class Waiting {
  private server: Server | undefined;
  private readonly readiness = new Readiness();

  /** @param condition what it waits for, as `/readyz` names it */
  constructor(
    private readonly http: Address,
    private readonly condition: string,
  ) {}

  say(detail: string): void {
    this.readiness.set(this.condition, false, detail);
    this.server ??= this.listen();
  }

  /** Leaves the address to the service. */
  async end(): Promise<void> {
    const { server } = this;
    if (!server) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  private listen(): Server {
    const server = createServer(({ url }, response) => {
      if (url === '/healthz') return void response.end('ok');
      response.writeHead(503, { 'content-type': 'application/json' });
      response.end(JSON.stringify(this.readiness.report()));
    });
    // Who has the address will be told when the service itself asks for it.
    server.on('error', () => undefined);
    return server.listen(this.http.port, this.http.host);
  }
}

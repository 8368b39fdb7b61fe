import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatAddress } from '#common/flags';
import type { Address } from '#common/flags';
import type { MetricRegistry } from '../adapters/index.js';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** A scraper sends one small request at a time. */
const LIMITS = { maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 5_000, maxConnections: 256 };

/** The mesh's metrics on `/metrics` of a port of their own (42422 in the original), apart from Mixer's about itself. */
export class MetricsPage {
  private readonly server: Server;

  constructor(
    private readonly bind: Address,
    metrics: MetricRegistry,
    now: () => number,
  ) {
    const { maxConnections, ...options } = LIMITS;
    this.server = createServer(options, (request, response) => {
      request.resume();
      const found = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
      response.writeHead(found ? 200 : 404, { 'content-type': found ? CONTENT_TYPE : 'text/plain' });
      response.end(found ? metrics.render(now()) : 'not found\n');
    });
    this.server.maxConnections = maxConnections;
  }

  /** HOST:PORT with the real port, once it listens. */
  get address(): string {
    return formatAddress({ host: this.bind.host, port: (this.server.address() as AddressInfo).port });
  }

  /** Rejects where the port cannot be had. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(this.bind, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

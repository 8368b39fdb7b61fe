/**
 * One service of Bookinfo: `node main.js productpage|details|ratings` or `node main.js reviews v1|v2|v3`.
 *
 * LISTEN is a unix socket's path or `host:port`; HTTP_PROXY the sidecar to call through; DETAILS_URL, REVIEWS_URL and
 * RATINGS_URL where the others are (`http://details:9080`, ... by default).
 */
import { chmodSync, rmSync } from 'node:fs';
import { details } from './details.js';
import type { Handler } from './http.js';
import { serve } from './http.js';
import { productpage } from './productpage.js';
import { ratings } from './ratings.js';
import type { ReviewsVersion } from './reviews.js';
import { reviews } from './reviews.js';
import type { Upstreams } from './upstream.js';

function main([service = '', version = 'v1']: string[], env: NodeJS.ProcessEnv): void {
  const listen = env.LISTEN;
  if (!listen) throw new Error("LISTEN must be a socket's path or host:port");
  const server = serve(handlerFor(service, version, upstreamsFrom(env)));
  if (listen.startsWith('/')) {
    rmSync(listen, { force: true });
    server.listen(listen, () => chmodSync(listen, 0o600));
  } else {
    const { hostname, port } = new URL(`http://${listen}`);
    server.listen(Number(port), hostname);
  }
  // A sidecar keeps its connections open; closing them after 5 s, as Node does, would race with its requests.
  server.keepAliveTimeout = 0;
  const stop = () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2_000).unref();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
}

function handlerFor(service: string, version: string, upstreams: Upstreams): Handler {
  switch (service) {
    case 'productpage':
      return productpage(upstreams);
    case 'details':
      return details;
    case 'ratings':
      return ratings();
    case 'reviews':
      if (isReviewsVersion(version)) return reviews(version, upstreams);
      throw new Error(`reviews has no version '${version}'`);
    default:
      throw new Error(`Bookinfo has no service '${service}'`);
  }
}

function isReviewsVersion(version: string): version is ReviewsVersion {
  return version === 'v1' || version === 'v2' || version === 'v3';
}

function upstreamsFrom(env: NodeJS.ProcessEnv): Upstreams {
  return {
    proxy: env.HTTP_PROXY ? new URL(env.HTTP_PROXY) : undefined,
    urls: {
      details: new URL(env.DETAILS_URL ?? 'http://details:9080'),
      reviews: new URL(env.REVIEWS_URL ?? 'http://reviews:9080'),
      ratings: new URL(env.RATINGS_URL ?? 'http://ratings:9080'),
    },
  };
}

main(process.argv.slice(2), process.env);

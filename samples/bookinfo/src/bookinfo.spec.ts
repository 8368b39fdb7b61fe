import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { details } from './details.js';
import type { Handler } from './http.js';
import { serve } from './http.js';
import { productpage } from './productpage.js';
import { ratings } from './ratings.js';
import type { ReviewsVersion } from './reviews.js';
import { reviews } from './reviews.js';
import type { Upstreams } from './upstream.js';

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.close(resolve).closeAllConnections())),
  );
  servers.length = 0;
});

function start(server: Server): Promise<URL> {
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
  });
}

const startService = (handler: Handler) => start(serve(handler));

const NOWHERE = new URL('http://127.0.0.1:1');
const nobody = { details: NOWHERE, reviews: NOWHERE, ratings: NOWHERE };

async function bookinfo(version: ReviewsVersion): Promise<URL> {
  const ratingsUrl = await startService(ratings());
  const reviewsUrl = await startService(reviews(version, { urls: { ...nobody, ratings: ratingsUrl } }));
  const urls = { details: await startService(details), reviews: reviewsUrl, ratings: ratingsUrl };
  return startService(productpage({ urls }));
}

const text = async (url: URL, init?: RequestInit) => (await fetch(url, init)).text();

describe('productpage', () => {
  it.each([
    ['v1', /★/, false],
    ['v2', /class="black">★★★★★/, true],
    ['v3', /class="red">★★★★☆/, true],
  ] as const)('shows the stars of reviews %s', async (version, stars, shown) => {
    const site = await bookinfo(version);
    const html = await text(new URL('/productpage', site));
    expect(stars.test(html)).toBe(shown);
    expect(html).toContain(`Reviews served by: reviews-${version}`);
    expect(html).toContain('123-1234567890');
  });

  it('stands although the services behind it are away', async () => {
    const site = await startService(productpage({ urls: nobody }));
    const response = await fetch(new URL('/productpage', site));
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/product details are currently unavailable.*product reviews are/s);
    expect((await fetch(new URL('/api/v1/products/0', site))).status).toBe(503);
  });

  it('signs a user in and names that user to the services, escaped on the page', async () => {
    const seen: unknown[] = [];
    const reviewsUrl = await startService((_url, { headers }) => {
      seen.push(headers['end-user']);
      return { body: {} };
    });
    const site = await startService(productpage({ urls: { ...nobody, reviews: reviewsUrl } }));
    const login = await fetch(new URL('/login?username=%3Cjason%3E', site), { redirect: 'manual' });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const html = await text(new URL('/productpage', site), { headers: { cookie } });
    expect(html).toContain('&#60;jason&#62;');
    expect(html).not.toContain('<jason>');
    expect(seen).toEqual(['<jason>']);
  });

  it('answers 404 for what it does not know', async () => {
    const site = await startService(productpage({ urls: nobody }));
    expect((await fetch(new URL('/nothing', site))).status).toBe(404);
    expect((await fetch(new URL('/health', site))).status).toBe(200);
  });
});

describe('reviews', () => {
  it('says so where ratings do not answer', async () => {
    const url = await startService(reviews('v2', { urls: nobody }));
    expect(await text(new URL('/reviews/0', url))).toContain('Ratings service is currently unavailable');
  });

  it('calls by name through a proxy, in absolute form, with the headers that are handed on', async () => {
    const seen: unknown[] = [];
    const proxy = await start(
      createServer(({ url, headers }, response) => {
        seen.push([url, headers.host, headers['x-request-id'], headers['end-user'], headers.secret]);
        response.end('{"ratings":{"Reviewer1":1}}');
      }),
    );
    const upstreams: Upstreams = { proxy, urls: { ...nobody, ratings: new URL('http://ratings:9080') } };
    const url = await startService(reviews('v3', upstreams));
    const headers = { 'x-request-id': 'r1', 'end-user': 'jason', secret: 's' };
    expect(await text(new URL('/reviews/0', url), { headers })).toContain('"stars":1');
    expect(seen).toEqual([['http://ratings:9080/ratings/0', 'ratings:9080', 'r1', 'jason', undefined]]);
  });
});

describe('ratings', () => {
  it('fails the first tries of a request, counted by its id', async () => {
    const url = await startService(ratings());
    const attempt = async (id: string) =>
      (await fetch(new URL('/ratings/0/after/2', url), { headers: { 'x-request-id': id } })).status;
    expect([await attempt('a'), await attempt('a'), await attempt('b'), await attempt('a')]).toEqual([
      503, 503, 503, 200,
    ]);
  });
});

describe('a failing handler', () => {
  it('costs its own request only', async () => {
    const url = await startService(({ pathname }) => {
      if (pathname === '/bad') throw new Error('oops');
      return { body: 'ok' };
    });
    expect((await fetch(new URL('/bad', url))).status).toBe(500);
    expect((await fetch(new URL('/good', url))).status).toBe(200);
  });
});

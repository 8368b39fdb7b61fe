import type { IncomingHttpHeaders } from 'node:http';
import type { Handler } from './http.js';
import type { Upstreams } from './upstream.js';
import { call } from './upstream.js';

export type ReviewsVersion = 'v1' | 'v2' | 'v3';

type Rating = { stars: number; color: string } | { error: string };
type Ratings = ReadonlyMap<string, number>;

/** Version 1 knows no stars, version 2 shows black ones, version 3 red ones. */
const COLORS: Readonly<Record<ReviewsVersion, string | undefined>> = {
  v1: undefined,
  v2: 'black',
  v3: 'red',
};

const TEXTS: readonly (readonly [reviewer: string, text: string])[] = [
  ['Reviewer1', 'An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!'],
  [
    'Reviewer2',
    'Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays.',
  ],
];

/** `GET /reviews/0`: what readers say, with their stars where this version has any. */
export function reviews(version: ReviewsVersion, upstreams: Upstreams): Handler {
  const color = COLORS[version];
  const podname = `reviews-${version}`;
  return async ({ pathname }, { headers }) => {
    if (pathname !== '/reviews/0') return undefined;
    const stars = color === undefined ? undefined : await fetchRatings(upstreams, headers);
    const list = TEXTS.map(([reviewer, text]) => ({
      reviewer,
      text,
      ...(color !== undefined && { rating: rate(stars?.get(reviewer), color) }),
    }));
    return { body: { id: '0', podname, clustername: 'quartet', reviews: list } };
  };
}

async function fetchRatings(
  upstreams: Upstreams,
  headers: IncomingHttpHeaders,
): Promise<Ratings | undefined> {
  const { status, body } = await call(upstreams, 'ratings', '/ratings/0', headers);
  if (status !== 200 || typeof body !== 'object' || body === null) return undefined;
  const { ratings = {} } = body as { ratings?: Record<string, number> };
  return new Map(Object.entries(ratings));
}

function rate(stars: number | undefined, color: string): Rating {
  return stars === undefined ? { error: 'Ratings service is currently unavailable' } : { stars, color };
}

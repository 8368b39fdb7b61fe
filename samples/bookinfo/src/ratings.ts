import type { Handler } from './http.js';

/** How many requests' earlier tries are remembered; the oldest is forgotten beyond that. */
const MAX_REMEMBERED = 1_000;

/**
 * `GET /ratings/0`: stars by reviewer. `GET /ratings/0/after/N` answers 503 to the first N tries of one request id,
 * as a service that is just warming up would: a caller that retries never notices.
 */
export function ratings(): Handler {
  const tries = new Map<string, number>();
  return ({ pathname }, { headers }) => {
    if (pathname === '/ratings/0') return { body: RATINGS };
    const failures = /^\/ratings\/0\/after\/(\d)$/.exec(pathname)?.[1];
    if (failures === undefined) return undefined;
    const attempt = countTry(tries, String(headers['x-request-id'] ?? ''));
    if (attempt <= Number(failures)) return { status: 503, body: { error: 'warming up', attempt } };
    return { body: { ...RATINGS, attempt } };
  };
}

const RATINGS = { id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } };

function countTry(tries: Map<string, number>, requestId: string): number {
  const attempt = (tries.get(requestId) ?? 0) + 1;
  tries.set(requestId, attempt);
  const [oldest] = tries.keys();
  if (tries.size > MAX_REMEMBERED && oldest !== undefined) tries.delete(oldest);
  return attempt;
}

interface Bucket {
  tokens: number;
  /** Milliseconds since the Unix epoch. */
  filledAt: number;
}

export interface RateLimitOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Keys remembered at once; the one that was quiet the longest is forgotten, and starts with a full bucket. */
  readonly maxKeys?: number;
}

/** A token bucket per key, in bounded memory. */
export class RateLimit {
  /** In the order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(private readonly options: RateLimitOptions) {}

  /** Takes one token. False, and nothing taken, when there is none. */
  take(key: string, now: number): boolean {
    const bucket = this.#fill(key, now);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #fill(key: string, now: number): Bucket {
    const { perSecond, burst, maxKeys = 10_000 } = this.options;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAt: now };
    const earned = (Math.max(0, now - bucket.filledAt) / 1000) * perSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + earned);
    bucket.filledAt = now;
    this.#buckets.delete(key);
    if (this.#buckets.size >= maxKeys) this.#buckets.delete(this.#buckets.keys().next().value!);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

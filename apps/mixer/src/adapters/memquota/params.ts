import { Params } from '../params.js';
import type { Validated } from '../adapter.js';

export interface Limit {
  readonly maxAmount: number;
  /** Milliseconds; 0: what was taken stays taken until it is given back. */
  readonly validDuration: number;
}

export interface QuotaOverride extends Limit {
  readonly dimensions: ReadonlyMap<string, string>;
}

export interface QuotaLimit extends Limit {
  /** The full name of the quota instance. */
  readonly name: string;
  /** The first whose dimensions all match wins over the quota's own limit. */
  readonly overrides: readonly QuotaOverride[];
}

export interface MemQuotaParams {
  readonly quotas: readonly QuotaLimit[];
  /** Milliseconds that an answer is remembered by its deduplication id, at least. */
  readonly minDeduplicationDuration: number;
}

/** A window of a day in tenths of a second is 7 MB for each combination of dimensions: enough. */
const MAX_WINDOW_MS = 24 * 3600 * 1000;

export function memQuotaParams(value: unknown): Validated<MemQuotaParams> {
  const params = new Params(value);
  const quotas = params.messages('quotas').map((quota) => {
    const name = quota.text('name');
    if (name === '') quota.problem('name', 'is required');
    const overrides = quota.messages('overrides').map((override) => {
      const dimensions = override.textMap('dimensions');
      if (dimensions.size === 0) override.problem('dimensions', 'an override needs dimensions to go by');
      return { dimensions, ...readLimit(override) };
    });
    return { name, overrides, ...readLimit(quota) };
  });
  const minDeduplicationDuration = params.duration('minDeduplicationDuration', 1_000);
  if (minDeduplicationDuration <= 0) params.problem('minDeduplicationDuration', 'must be more than 0');
  params.finish();
  return { params: { quotas, minDeduplicationDuration }, problems: params.problems };
}

function readLimit(params: Params): Limit {
  const maxAmount = params.integer('maxAmount', 0);
  const validDuration = params.duration('validDuration', 0);
  if (maxAmount < 0) params.problem('maxAmount', 'must not be negative');
  if (validDuration < 0 || validDuration > MAX_WINDOW_MS) {
    params.problem('validDuration', 'must be between 0s and 24h');
  }
  params.finish();
  return { maxAmount, validDuration };
}

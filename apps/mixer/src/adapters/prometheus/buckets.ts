import type { Params } from '../params.js';

/** What Go's client uses where nothing is said. */
const DEFAULT_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MAX_BUCKETS = 200;

/** The upper bounds of a distribution's buckets, ascending, without +Inf. */
export function bucketBounds(params: Params): readonly number[] {
  const { linear, exponential, explicit } = forms(params);
  params.finish();
  if (explicit.has('bounds')) return ascending(explicit, explicit.numbers('bounds'));
  if (linear.has('numFiniteBuckets')) {
    const [width, offset] = [linear.number('width', 1), linear.number('offset', 0)];
    return series(linear, (index) => offset + index * width);
  }
  if (!exponential.has('numFiniteBuckets')) return DEFAULT_BOUNDS;
  const [growth, scale] = [exponential.number('growthFactor', 2), exponential.number('scale', 1)];
  return series(exponential, (index) => scale * growth ** index);
}

/** The three forms; the bench of names is how the original's proto3 JSON writes a oneof. */
function forms(params: Params): { linear: Params; exponential: Params; explicit: Params } {
  return {
    linear: params.message('linearBuckets'),
    exponential: params.message('exponentialBuckets'),
    explicit: params.message('explicitBuckets'),
  };
}

/** N finite buckets have N + 1 bounds: the first closes the underflow bucket. */
function series(params: Params, bound: (index: number) => number): readonly number[] {
  const count = params.integer('numFiniteBuckets', 1);
  params.finish();
  if (count < 1 || count > MAX_BUCKETS) {
    params.problem('numFiniteBuckets', `must be between 1 and ${MAX_BUCKETS}`);
    return DEFAULT_BOUNDS;
  }
  return ascending(
    params,
    Array.from({ length: count + 1 }, (_, index) => bound(index)),
  );
}

function ascending(params: Params, bounds: readonly number[]): readonly number[] {
  params.finish();
  const sorted = bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? 0));
  if (sorted && bounds.length > 0 && bounds.length <= MAX_BUCKETS + 1) return bounds;
  params.problem('bounds', `expected up to ${MAX_BUCKETS} ascending numbers`);
  return DEFAULT_BOUNDS;
}

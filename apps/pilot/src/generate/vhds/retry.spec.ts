import { describe, expect, it } from '@jest/globals';
import { retryPolicy } from './retry.js';

describe('retryPolicy', () => {
  it('is none for no attempts', () => expect(retryPolicy({ attempts: 0 }, false)).toBeUndefined());

  it('turns status codes among the conditions into a list', () => {
    const policy = retryPolicy({ attempts: 1, retryOn: 'reset, 503,retriable-status-codes,999' }, false);
    expect(policy).toMatchObject({ retryOn: 'reset,retriable-status-codes', retriableStatusCodes: [503] });
  });

  it('may choose the same endpoint again where requests are hashed', () => {
    expect(retryPolicy(undefined, true)).not.toHaveProperty('retryHostPredicate');
    expect(retryPolicy(undefined, false)).toHaveProperty('retryHostPredicate');
  });
});

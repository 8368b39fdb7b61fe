import { describe, expect, it } from '@jest/globals';
import { Readiness } from './readiness.js';

describe('Readiness', () => {
  it('is ready when every named condition holds, and says which do not', async () => {
    const readiness = new Readiness();
    readiness.expect('config', 'waiting for the first state');
    readiness.set('identity', true);
    expect(readiness.report()).toEqual({
      ready: false,
      conditions: {
        config: { ok: false, detail: 'waiting for the first state' },
        identity: { ok: true, detail: '' },
      },
    });
    const ready = readiness.whenReady();
    readiness.set('config', true, 'revision 7');
    await expect(ready).resolves.toBeUndefined();
    expect(readiness.ready).toBe(true);
  });

  it('does not let a later expectation undo a condition that holds', () => {
    const readiness = new Readiness();
    readiness.set('config', true);
    readiness.expect('config');
    expect(readiness.ready).toBe(true);
  });
});

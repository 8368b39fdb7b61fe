import type { Adapter, CheckResult, Handler } from '../adapter.js';
import { Params } from '../params.js';
import { OK } from '../status.js';

const FOREVER_MS = 1e12;
const ALWAYS: CheckResult = { status: OK, validDuration: FOREVER_MS, validUseCount: 1e9 };

/** Accepts everything and does nothing: for rules that only change headers, and for measuring Mixer itself. */
export const noop: Adapter<undefined> = {
  name: 'noop',
  templates: new Set(['checknothing', 'listentry', 'quota', 'metric', 'logentry', 'reportnothing']),
  validate(value) {
    const params = new Params(value);
    params.finish();
    return { params: undefined, problems: params.problems };
  },
  build(): Handler {
    return {
      check: () => ALWAYS,
      quota: (_instance, request) => ({ amount: request.amount, validDuration: FOREVER_MS }),
      report: () => undefined,
    };
  },
};

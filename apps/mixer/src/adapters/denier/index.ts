import type { Adapter, CheckResult, Handler } from '../adapter.js';
import { Params } from '../params.js';
import { Code, codeOf } from '../status.js';

/** Refuses every check, and grants no quota. @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/adapters/denier/ */
export const denier: Adapter<CheckResult> = {
  name: 'denier',
  templates: new Set(['checknothing', 'listentry', 'quota']),
  validate(value) {
    const params = new Params(value);
    const status = params.message('status');
    const code = codeOf(status.raw('code') ?? Code.FAILED_PRECONDITION);
    if (code === undefined) status.problem('code', 'expected a google.rpc.Code');
    // A denier that says OK is a mistake that would go unseen until the request it should have refused.
    if (code === 0) status.problem('code', 'OK refuses nothing');
    const message = status.text('message');
    status.raw('details');
    const validDuration = params.duration('validDuration', 5_000);
    const validUseCount = params.integer('validUseCount', 1_000);
    for (const part of [status, params]) part.finish();
    const refusal = {
      status: { code: code ?? Code.FAILED_PRECONDITION, message },
      validDuration,
      validUseCount,
    };
    return { params: refusal, problems: params.problems };
  },
  build(refusal): Handler {
    return { check: () => refusal, quota: () => ({ amount: 0, validDuration: refusal.validDuration }) };
  },
};

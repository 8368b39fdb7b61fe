import { isDeepStrictEqual } from 'node:util';
import type { Expected, TestRequest } from '../oracle/expected.js';
import type { Scenario } from './scenario.js';
import type { Planted } from './simulated.js';
import { simulated } from './simulated.js';

export interface Disagreement {
  readonly request: TestRequest;
  /** `answer.path: "/a" is "/b"`: what the oracle says, then the other. */
  readonly differences: readonly string[];
  /** The resources that took part. */
  readonly used: Expected['used'];
}

/** Requests of which oracle and simulator think differently, at most `limit` of them. */
export function disagreements(scenario: Scenario, planted: Planted = {}, limit = 3): Disagreement[] {
  const found: Disagreement[] = [];
  const translation = (planted.translation ?? ((same) => same))(scenario.translation);
  for (const request of scenario.requests) {
    const { answer, fault, used } = scenario.promised(request);
    const differences = differing({ answer, fault }, simulated(translation, request, planted));
    if (differences.length > 0) found.push({ request, differences, used });
    if (found.length === limit) break;
  }
  return found;
}

/** A member that is undefined is none. */
export function differing(one: unknown, other: unknown, path = ''): string[] {
  if (isObject(one) && isObject(other)) {
    const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return names.flatMap((name) => differing(one[name], other[name], path === '' ? name : `${path}.${name}`));
  }
  return isDeepStrictEqual(one, other) ? [] : [`${path}: ${JSON.stringify(one)} is ${JSON.stringify(other)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** For people: what differs, and the YAML-like rest in a line each. */
export function show(found: readonly Disagreement[]): string {
  return found
    .map(({ request, differences, used }) => {
      return [...differences, JSON.stringify(request), ...used.map((each) => JSON.stringify(each))].join(
        '\n  ',
      );
    })
    .join('\n');
}

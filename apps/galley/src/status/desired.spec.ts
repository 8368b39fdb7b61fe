import { describe, expect, it } from '@jest/globals';
import { diagnostic } from '#config';
import type { Standing } from '../analyze/standing.js';
import { statusToWrite } from './desired.js';
import type { Condition } from './istio-status.js';
import { Fleet } from './rollout.js';
import { seenStatus } from './seen.js';

const KEY = 'networking.istio.io/VirtualService/default/reviews';
const NOW = '2026-11-26T08:00:00Z';
const LATER = '2026-11-26T09:00:00Z';
const valid: Standing = { key: KEY, outcome: 'accepted', inForce: true, errors: [], messages: [] };
const error = diagnostic('schema', 'no such host', { origin: { file: '', line: 0 }, path: 'spec.hosts[0]' });
const invalid: Standing = { ...valid, outcome: 'invalid', errors: [error], messages: [error] };
const fresh = { generation: 1, status: seenStatus(undefined) };

const fleet = (held: [number, number][], refused: object[] = []): Fleet =>
  new Fleet([
    { pilot: 'p', proxies: held.reduce((sum, [, n]) => sum + n, 0), held, refused: refused as never },
  ]);

/** Each condition in words. */
function words(status: ReturnType<typeof statusToWrite>): string[] | undefined {
  return (status?.conditions as Condition[] | undefined)?.map(
    ({ type, status: is, reason, message }) => `${type} ${is} ${reason}: ${message}`,
  );
}

describe('a status', () => {
  it('says that a resource is accepted, and how many proxies hold it', () => {
    const status = statusToWrite(valid, fleet([[7, 2]]).rollout(KEY, 7), fresh, NOW);
    expect(words(status)).toEqual([
      'Accepted True Valid: ',
      'Reconciled True Held: revision 7: 2 of 2 connected proxies hold it',
    ]);
    expect(status).toMatchObject({ observedGeneration: 1, validationMessages: [] });
    const halfway = statusToWrite(
      valid,
      fleet([
        [7, 2],
        [6, 1],
      ]).rollout(KEY, 7),
      fresh,
      NOW,
    );
    expect(words(halfway)?.[1]).toBe(
      'Reconciled False Propagating: revision 7: 2 of 3 connected proxies hold it',
    );
    const alone = statusToWrite(valid, fleet([]).rollout(KEY, 7), fresh, NOW);
    expect(words(alone)?.[1]).toBe('Reconciled Unknown NoProxies: revision 7: no proxy is connected');
  });

  it('says why a resource is not accepted, and whether an older version of it is in force', () => {
    expect(words(statusToWrite(invalid, undefined, fresh, NOW))).toEqual([
      'Accepted False Invalid: spec.hosts[0]: no such host [IST0106]: its last good version stays in force',
    ]);
    const status = statusToWrite({ ...invalid, inForce: false }, undefined, fresh, NOW);
    expect(words(status)?.[1]).toBe('Reconciled False NotInForce: nothing of it is in force');
    expect(status?.validationMessages).toEqual([
      {
        type: { name: 'SchemaValidationError', code: 'IST0106' },
        level: 'ERROR',
        documentationUrl: 'https://istio.io/latest/docs/reference/config/analysis/ist0106/',
        message: 'spec.hosts[0]: no such host [IST0106]',
      },
    ]);
    const overridden: Standing = {
      ...valid,
      outcome: 'overridden',
      inForce: false,
      overriddenBy: 'a.yaml:3',
    };
    expect(words(statusToWrite(overridden, undefined, fresh, NOW))?.[0]).toBe(
      'Accepted False Overridden: it stands already in a.yaml:3, which stays',
    );
  });

  it("has Envoy's words where it refuses what comes of a resource", () => {
    const refused = {
      ...{ config: KEY, type: 'CDS', name: 'outbound|80||a', proxy: 'sidecar~1', message: 'bad ring size' },
      inForce: 'last good form',
    };
    expect(words(statusToWrite(valid, fleet([[7, 1]], [refused]).rollout(KEY, 7), fresh, NOW))?.[1]).toBe(
      "Reconciled False Refused: CDS 'outbound|80||a' is refused by proxy sidecar~1: bad ring size; in force is last good form",
    );
  });

  it('is not written again where it stands already, whatever its times', () => {
    const rollout = fleet([[7, 2]]).rollout(KEY, 7);
    const first = statusToWrite(invalid, rollout, fresh, NOW);
    const seen = { generation: 1, status: seenStatus(JSON.parse(JSON.stringify(first))) };
    expect(statusToWrite(invalid, rollout, seen, LATER)).toBeUndefined();
    // An older process told of the rollout; this one knows nothing of it yet.
    expect(statusToWrite(invalid, undefined, seen, LATER)).toBeUndefined();
    expect(statusToWrite(invalid, rollout, { ...seen, generation: 2 }, LATER)).toMatchObject({
      observedGeneration: 2,
    });
  });

  it('keeps the time of what did not change, and the conditions of others', () => {
    const foreign = { type: 'Ready', status: 'True' };
    const first = statusToWrite(
      valid,
      undefined,
      { generation: 1, status: seenStatus({ conditions: [foreign] }) },
      NOW,
    );
    expect(first?.conditions[0]).toEqual(foreign);
    const seen = { generation: 2, status: seenStatus(JSON.parse(JSON.stringify(first))) };
    const second = statusToWrite(valid, fleet([[1, 1]]).rollout(KEY, 1), seen, LATER);
    expect(second?.conditions).toMatchObject([
      foreign,
      { type: 'Accepted', lastTransitionTime: NOW },
      { type: 'Reconciled', lastTransitionTime: LATER },
    ]);
  });

  it.each([null, 'x', [], { conditions: 'x' }, { conditions: [null, 1, {}] }, { validationMessages: {} }])(
    'is written over %j, which is none',
    (status) => {
      expect(
        statusToWrite(valid, undefined, { generation: 1, status: seenStatus(status) }, NOW),
      ).toBeDefined();
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { silentLog } from '#common/nats';
import { until } from '#common/testing';
import { Fleet, type Refused } from './rollout.js';
import { withdrawnDiagnostics, WithdrawnWatch } from './withdrawn.js';

const KEY = 'networking.istio.io/VirtualService/default/a';
const ORIGIN = { file: 'a.yaml', line: 3 };
const resources = new Map([[KEY, { content: '{}', origin: ORIGIN }]]);
const refused: Refused = { config: KEY, inForce: 'last good form', type: 'RDS', name: '80', message: 'no' };

describe('withdrawnDiagnostics', () => {
  it('tells what counts instead, why, and where it was written', () => {
    const message =
      "VirtualService default/a stays at its last good form: with it '80' breaks a rule of Envoy's API: no";
    expect(withdrawnDiagnostics([refused], resources)).toEqual([
      { code: 'QT2002', level: 'Error', message, path: '', origin: ORIGIN, resource: KEY },
    ]);
    const left = { ...refused, inForce: 'nothing', proxy: 'p' };
    expect(withdrawnDiagnostics([left], resources)[0]?.message).toContain(
      "is left out: with it '80' is refused by",
    );
  });

  it('says nothing of what is gone, or not withdrawn yet', () => {
    expect(withdrawnDiagnostics([refused], new Map())).toEqual([]);
    const { inForce: _, ...undecided } = refused;
    expect(withdrawnDiagnostics([undecided], resources)).toEqual([]);
  });
});

describe('WithdrawnWatch', () => {
  it('keeps what was said last, also while no Pilot answers', async () => {
    let say: () => Promise<Fleet | undefined> = () => Promise.reject(new Error('NATS is away'));
    const said = (...all: Refused[]) => new Fleet([{ pilot: 'p', proxies: 1, held: [], refused: all }]);
    const watch = new WithdrawnWatch({ fleet: () => say(), log: silentLog, intervalMs: 1 });
    watch.start();
    const holds = (count: number) =>
      until(() => watch.refused.length === count, { what: `${count} refusals` });
    say = () => Promise.resolve(said(refused));
    await holds(1);
    say = () => Promise.resolve(undefined);
    await new Promise(setImmediate);
    await holds(1);
    say = () => Promise.resolve(said());
    await holds(0);
    await watch.close();
  });
});

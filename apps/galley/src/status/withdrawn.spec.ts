import { describe, expect, it } from '@jest/globals';
import type { Refused } from './rollout.js';
import { withdrawnDiagnostics } from './withdrawn.js';

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

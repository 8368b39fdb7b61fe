import { beforeAll, describe, it } from '@jest/globals';
import type { Proof } from './proof.js';
import { hostOf, prove } from './proof.js';
import type { Trio } from './trio.js';
import { startTrio } from './trio.js';
import { DESTINATION_RULE_PROOFS } from './destination-rule.js';
import { SERVICE_ENTRY_PROOFS } from './service-entry.js';
import { VIRTUAL_SERVICE_PROOFS } from './virtual-service.js';

const PROOFS: readonly Proof[] = [
  ...VIRTUAL_SERVICE_PROOFS,
  ...DESTINATION_RULE_PROOFS,
  ...SERVICE_ENTRY_PROOFS,
];

describe('what the sending proxy enforces', () => {
  let trio: Trio;
  beforeAll(async () => {
    trio = await startTrio({
      config: (ports) => PROOFS.map((proof) => proof.config(hostOf(proof), ports)).join(''),
    });
  }, 60_000);

  it.each(PROOFS.map((proof) => [proof.row, proof] as const))('%s', (_row, proof) => prove(trio, proof));
});

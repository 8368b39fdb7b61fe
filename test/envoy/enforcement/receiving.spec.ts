import { beforeAll, describe, it } from '@jest/globals';
import { prove } from './proof.js';
import { RECEIVING_PROOFS, receivingConfig } from './receiving.js';
import type { Trio } from './trio.js';
import { startTrio } from './trio.js';

describe('what Sidecars and the receiving proxy enforce', () => {
  let trio: Trio;
  beforeAll(async () => {
    trio = await startTrio({ config: receivingConfig });
  }, 60_000);

  it.each(RECEIVING_PROOFS.map((proof) => [proof.row, proof] as const))('%s', (_row, proof) =>
    prove(trio, proof),
  );
});

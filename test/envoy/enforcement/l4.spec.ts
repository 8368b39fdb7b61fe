import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { tempDir } from '#common/testing';
import { TestCa } from '../../../libs/common/src/identity/test-ca.js';
import { tcp, tls } from '../support/calls.js';
import type { L4Proof } from './l4.js';
import { L4_ROWS, l4Proofs } from './l4.js';
import { proxiesOf, rowOf } from './proof.js';
import type { ProxyPlace, Trio } from './trio.js';
import { ADDRESS, actedAt, startTrio } from './trio.js';

const REQUEST = 'GET / HTTP/1.1\r\nhost: asked.test\r\nconnection: close\r\n\r\n';

describe('what is enforced of connections', () => {
  let proofs: readonly L4Proof[];
  beforeAll(async () => {
    const dir = tempDir('q-enforcement-');
    const files = { chain: join(dir, 'chain.pem'), key: join(dir, 'key.pem') };
    const ca = await TestCa.create();
    const { certChain, privateKey } = await ca.issue([{ type: 'dns', value: 'asked.test' }]);
    writeFileSync(files.chain, certChain);
    writeFileSync(files.key, privateKey);
    proofs = l4Proofs(files);
  });

  it.each(L4_ROWS)(
    '%s',
    async (row) => {
      const proof = proofs.find((each) => each.row === row)!;
      const trio = await startTrio({ config: proof.config });
      await Promise.all(proof.by.map((by) => connect(trio, by, proof)));
      const expected = proxiesOf(rowOf(row));
      expect(await actedAt(trio, proof.witness, expected)).toEqual(expected);
    },
    60_000,
  );

  function connect({ ports }: Trio, by: ProxyPlace, { sni }: L4Proof): Promise<string> {
    return sni === undefined
      ? tcp(ADDRESS[by], ports.extra, REQUEST)
      : tls(ADDRESS[by], ports.extra, REQUEST, { sni });
  }
});

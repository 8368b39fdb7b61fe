import { beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '#common/testing';
import { ACCESS_LOG, APP, MESH_PROOFS, meshWide } from './mesh-wide.js';
import { proxiesOf, prove, rowOf } from './proof.js';
import type { Trio } from './trio.js';
import { startTrio } from './trio.js';

describe('what MeshConfig and Mixer say', () => {
  let trio: Trio;
  beforeAll(async () => {
    trio = await startTrio(meshWide);
  }, 60_000);

  it.each(MESH_PROOFS.map((proof) => [proof.row, proof] as const))('%s', (_row, proof) => prove(trio, proof));

  it(
    ACCESS_LOG,
    async () => {
      for (const by of ['caller', 'gateway'] as const)
        await trio.call(by, { authority: APP, path: '/logged' });
      const expected = proxiesOf(rowOf(ACCESS_LOG));
      await until(() => trio.logged('"GET /logged').length === expected.length, { what: 'the log lines' });
      expect(trio.logged('"GET /logged').sort()).toEqual(expected);
    },
    30_000,
  );
});

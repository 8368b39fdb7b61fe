import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { envoyAccepts } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { Translation } from '../translate.js';
import { envoyCases, translateCase } from './golden-cases.js';
import { randomMeshes } from './random-mesh.js';
import { SEEDED_FAULTS, seeded } from './seeded-faults.js';
import { staticBootstrap, withCertificates } from './static-bootstrap.js';

const authority = TestCa.create();
const certificate = authority.then((ca) => ca.issue([{ type: 'dns', value: 'app.example.com' }]));
const revoked = authority.then((ca) => ca.revoke());

async function refusals(translations: ReadonlyMap<string, Translation>): Promise<string[]> {
  const { accepted, message } = await envoyAccepts(
    withCertificates(staticBootstrap(translations), await certificate, await revoked),
  );
  if (accepted) return [];
  if (translations.size === 1) return [...translations.keys()].map((name) => `${name}: ${message}`);
  const entries = [...translations];
  const half = entries.length >> 1;
  const [left, right] = [entries.slice(0, half), entries.slice(half)];
  return [...(await refusals(new Map(left))), ...(await refusals(new Map(right)))];
}

const PROXIES = [
  { id: 'sidecar~10.0.0.1~one.default~default.svc.cluster.local', metadata: { LABELS: { app: 'a' } } },
  {
    id: 'sidecar~10.0.0.2~two.backend~backend.svc.cluster.local',
    metadata: { LABELS: { app: 'b' }, INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: '15080' },
  },
  {
    id: 'router~10.0.0.3~gateway.default~default.svc.cluster.local',
    metadata: { LABELS: { istio: 'gateway' } },
  },
];

describe('the real Envoy', () => {
  const translations = new Map(envoyCases().map((golden) => [golden.name, translateCase(golden)]));

  it('takes every golden case', async () => {
    expect(await refusals(translations)).toEqual([]);
  }, 120_000);

  it('takes whatever comes of random meshes', async () => {
    const meshes = fc.sample(randomMeshes, { numRuns: 60, seed: 20261123 });
    const cases = meshes.flatMap((resources, index) =>
      PROXIES.map((proxy): [string, Translation] => {
        const name = `${index} ${proxy.id}`;
        return [name, translateCase({ name, folder: '', resources, proxy })];
      }),
    );
    expect(await refusals(new Map(cases))).toEqual([]);
  }, 120_000);

  it.each(SEEDED_FAULTS)(
    'does refuse $name',
    async (fault) => {
      const [[name, bad] = []] = [...translations].flatMap(([name, good]): [string, Translation][] => {
        const spoilt = Object.values(good).every((list) => list.length > 0) && seeded(good, fault);
        return spoilt ? [[name, spoilt]] : [];
      });
      const { accepted, message } = await envoyAccepts(
        staticBootstrap(new Map([[name ?? '', bad as Translation]])),
      );
      expect(accepted).toBe(false);
      expect(message).toMatch(fault.complaint);
    },
    60_000,
  );
});

import { describe, expect, it } from '@jest/globals';
import { TYPE } from '../model/contract.js';
import { FakeProxy } from '../push/testing/fake-proxy.js';
import { BASE, Rig } from '../push/testing/toy-rig.js';
import type { Withdrawal } from '../push/withdrawal/withdrawal.js';
import { holdingPage } from './holding-page.js';
import type { ProxyHolding } from './proxy-status.js';

const MESSAGE_LIMIT = 1 << 20;

/** More than one message of the bus takes. */
const MANY = 1_500;
const withdrawal: Withdrawal = {
  ...{
    identity: 'g/K/ns/a@1',
    key: 'g/K/ns/a',
    type: TYPE.cluster,
    name: 'n',
    proxy: undefined,
    standIn: undefined,
  },
  ...{ message: 'x'.repeat(2_000), at: 0 },
};

function meshOf(proxies: number): Rig {
  const rig = new Rig(BASE);
  for (let n = 0; n < proxies; n++) rig.connect(new FakeProxy('delta'), `app-${n}`);
  return rig;
}

function pagesOf(rig: Rig, withdrawn: readonly Withdrawal[]): ProxyHolding[][] {
  const about = { pilot: 'p', withdrawn, removals: [] };
  const pages: ProxyHolding[][] = [];
  let after: Record<string, string> | undefined;
  for (;;) {
    const page = holdingPage(rig.engine.connections, about, { revision: 2, ...(after && { after }) });
    const last = page.at(-1);
    if (!last) return pages;
    pages.push(page);
    after = { p: last.proxy };
  }
}

describe('pages of proxies', () => {
  it('name each proxy once, and fit a message of the bus each', () => {
    const rig = meshOf(MANY);
    const withdrawn = Array.from({ length: 3 }, () => withdrawal);
    const pages = pagesOf(rig, withdrawn);
    const sizes = pages.map((page) => Buffer.byteLength(JSON.stringify(page)));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(MESSAGE_LIMIT);
    expect(Math.max(...sizes)).toBeLessThan(MESSAGE_LIMIT);
    const names = pages.flat().map(({ proxy }) => proxy);
    expect(names).toHaveLength(MANY);
    expect(new Set(names).size).toBe(MANY);
    expect(pages[0]?.[0]).toMatchObject({ pilot: 'p', holds: false, revision: 0 });
    expect(pages[0]?.[0]?.withdrawn[0]?.message).toHaveLength(1_000);
  });

  it('fit even where everything is wrong at once', () => {
    const withdrawn = Array.from({ length: 5_000 }, () => withdrawal);
    const [page = []] = pagesOf(meshOf(30), withdrawn);
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(MESSAGE_LIMIT);
  });

  it('are empty for who is not asked to go on, and begin where nobody says where', () => {
    const rig = meshOf(2);
    const about = { pilot: 'p', withdrawn: [], removals: [] };
    const page = (after: unknown) => holdingPage(rig.engine.connections, about, { after }).length;
    expect([
      page(undefined),
      page({ q: '' }),
      page({ p: '' }),
      page({ p: 'z' }),
      page({ p: 7 }),
      page('x'),
    ]).toEqual([2, 0, 2, 0, 0, 2]);
  });
});

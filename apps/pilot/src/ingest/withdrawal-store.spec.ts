import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '#common/service';
import { tempDir } from '#common/testing';
import { canonicalJson } from '#config';
import { Config } from '../model/config.js';
import type { Withdrawal } from '../push/withdrawal/withdrawal.js';
import { Withdrawals } from '../push/withdrawal/withdrawals.js';
import { WithdrawalStore } from './withdrawal-store.js';

const KEY = 'networking.istio.io/VirtualService/default/a';
const logger = createLogger('test', 'silent');

function form(text: string): Config {
  const spec = { hosts: [text] };
  return Config.decode(KEY, canonicalJson({ labels: {}, annotations: {}, creationTimestamp: '', spec }));
}

function withdrawal(standIn: Config | undefined): Withdrawal {
  const told = { type: 'type.googleapis.com/x', name: 'x', proxy: 'p', message: 'no', at: 5 };
  return { identity: `${KEY}@digest`, key: KEY, standIn, ...told };
}

async function loaded(dir: string): Promise<[WithdrawalStore, Withdrawals]> {
  const store = new WithdrawalStore(dir, logger);
  const withdrawals = new Withdrawals();
  await store.load(withdrawals);
  return [store, withdrawals];
}

describe('what is saved of withdrawals', () => {
  it.each([form('a'), undefined])('comes back', async (standIn) => {
    const dir = tempDir('q-withdrawn-');
    const [store, withdrawals] = await loaded(dir);
    withdrawals.restore([withdrawal(standIn)]);
    withdrawals.forms.restore(KEY, [form('b'), form('a')]);
    store.changed('withdrawals', withdrawals);
    store.changed({ forms: KEY }, withdrawals);
    await store.flush();
    const [, again] = await loaded(dir);
    expect(again.all).toEqual([withdrawal(standIn)]);
    expect(again.forms.of(KEY)).toEqual([form('b'), form('a')]);
  });

  it('counts in its last state, and forgets what it has no more', async () => {
    const dir = tempDir('q-withdrawn-');
    const [store, withdrawals] = await loaded(dir);
    for (const forms of [[form('a')], [form('b')], []]) {
      withdrawals.forms.restore(KEY, forms);
      store.changed({ forms: KEY }, withdrawals);
      await store.flush();
      const [, again] = await loaded(dir);
      expect(again.forms.of(KEY)).toEqual(forms);
    }
  });

  it('is let go where it cannot be read, line by line', async () => {
    const dir = tempDir('q-withdrawn-');
    const [store, withdrawals] = await loaded(dir);
    withdrawals.forms.restore(KEY, [form('a')]);
    store.changed({ forms: KEY }, withdrawals);
    await store.flush();
    writeFileSync(join(dir, 'withdrawn.json'), '{"version":1,');
    appendFileSync(join(dir, 'earlier-forms.jsonl'), '{"key":"networking.istio.io/Virt');
    const [, again] = await loaded(dir);
    expect(again.all).toEqual([]);
    expect(again.forms.of(KEY)).toEqual([form('a')]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { silentLog } from '#common/nats';
import { until } from '#common/testing';
import { FleetWatch } from './fleet-watch.js';
import { Fleet, type Refused } from './rollout.js';

const refused: Refused = {
  config: 'networking.istio.io/VirtualService/default/a',
  type: 'RDS',
  name: '80',
  message: 'no',
};

describe('FleetWatch', () => {
  it('keeps what was said last, also while no Pilot answers', async () => {
    let say: () => Promise<Fleet | undefined> = () => Promise.reject(new Error('NATS is away'));
    const said = (...all: Refused[]) => new Fleet([{ pilot: 'p', proxies: 1, held: [], refused: all }]);
    const watch = new FleetWatch({ fleet: () => say(), log: silentLog, intervalMs: 1 });
    expect(await watch.ask()).toBeUndefined();
    watch.start();
    const holds = (count: number) =>
      until(() => watch.fleet?.refused.size === count, { what: `${count} refusals` });
    say = () => Promise.resolve(said(refused));
    await holds(1);
    say = () => Promise.resolve(undefined);
    expect(await watch.ask()).toBeUndefined();
    await holds(1);
    say = () => Promise.resolve(said());
    await holds(0);
    await watch.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import { until } from '#common/testing';
import { Bus } from '../config-log/bus.rig.js';
import { NoReplyError, requestAll, requestOne } from '../nats/index.js';
import { natsMicroservice } from './index.js';

@Controller()
class PilotController {
  @MessagePattern('pilot.proxies.holding')
  holding(request: { revision: number }): unknown {
    return { held: request.revision };
  }

  @MessagePattern('pilot.broken')
  broken(): never {
    throw new Error('no');
  }
}

@Module({ controllers: [PilotController] })
class PilotModule {}

const bus = new Bus();
const apps: INestMicroservice[] = [];
let cli: NatsConnection;

async function pilot(): Promise<void> {
  const { strategy } = natsMicroservice(bus.access('pilot'));
  const app = await NestFactory.createMicroservice(PilotModule, { strategy, logger: false });
  await app.listen();
  apps.push(app);
}

beforeAll(async () => {
  await bus.start();
  await bus.kill();
  // Services come up while NATS is away.
  await Promise.all([pilot(), pilot()]);
  await bus.start();
  cli = await bus.connect('cli')();
});

afterAll(async () => {
  await cli.close();
  for (const app of apps) await app.close();
  await bus.stop();
});

describe('request and reply over NATS', () => {
  it('asks everybody, and stops at the time or the number', async () => {
    const ask = (timeoutMs: number, max?: number): Promise<unknown[]> =>
      requestAll(cli, 'pilot.proxies.holding', { revision: 7 }, { timeoutMs, max });
    const two = await until(async () => {
      const answers = await ask(500);
      return answers.length === 2 && answers;
    });
    expect(two).toEqual([{ held: 7 }, { held: 7 }]);
    expect(await ask(10_000, 1)).toEqual([{ held: 7 }]);
  });

  it('asks one', async () => {
    expect(await requestOne(cli, 'pilot.proxies.holding', { revision: 3 }, { timeoutMs: 10_000 })).toEqual({
      held: 3,
    });
  });

  it('says who did not answer, within the time', async () => {
    await expect(requestOne(cli, 'mixer.nothing', {}, { timeoutMs: 300 })).rejects.toThrow(NoReplyError);
    expect(await requestAll(cli, 'mixer.nothing', {}, { timeoutMs: 300 })).toEqual([]);
  });

  it('passes on a refusal', async () => {
    await expect(requestOne(cli, 'pilot.broken', {}, { timeoutMs: 10_000 })).rejects.toThrow(/refused/);
  });
});

describe('permissions', () => {
  it.each([
    '_INBOX_pilot.x',
    'quartet.config.log.marker',
    '$SYS.REQ.ACCOUNT.PING',
    '$JS.API.STREAM.CREATE.OTHER',
  ])('keep a user from publishing to %s', async (subject) => {
    await expect(cli.request(subject, '', { timeout: 10_000 })).rejects.toThrow(/permission/i);
  });

  it.each(['_INBOX_pilot.>', 'pilot.>', '>', 'quartet.config.log.>'])(
    'keep a user from listening to %s',
    async (subject) => {
      const subscription = cli.subscribe(subject);
      const next = (async (): Promise<void> => {
        for await (const _message of subscription) return;
      })();
      await expect(next).rejects.toThrow(/permission/i);
    },
  );
});

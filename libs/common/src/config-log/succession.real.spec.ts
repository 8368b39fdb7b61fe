import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { tempDir, until } from '#common/testing';
import type { ConfigLogWriter } from './index.js';
import { type Consumer, LogRig, put } from './log.rig.js';

let rig: LogRig;

beforeEach(async () => {
  rig = await LogRig.start();
});
afterEach(() => rig.end());

const commit = (writer: ConfigLogWriter, name: string, content: string) =>
  writer.commit({ operations: [put(name, content)], heldBack: [] });

/** A writer that goes on from the journal of a reader that followed the log. */
async function succeed(reader: Consumer, dir: string, fence: boolean) {
  const overtaken: true[] = [];
  await reader.reader.stop();
  const onOvertaken = (): void => void overtaken.push(true);
  const writer = await rig.writer(dir, { succession: { fence, onOvertaken } });
  return { writer, overtaken };
}

it('goes on with the same epoch where the one before gave up in order', async () => {
  const first = await rig.writer(tempDir());
  await commit(first, 'a', '1');
  await first.published();
  const dir = tempDir();
  const standby = await rig.consumer(dir);
  await standby.reaches(first.state);
  const { epoch } = first.state;
  await first.close();
  const { writer } = await succeed(standby, dir, false);
  await commit(writer, 'b', '1');
  await writer.published();
  expect(writer.state).toMatchObject({ epoch, revision: first.state.revision + 1 });
});

it('has the log refuse what a writer sends whose time is over, and tells it', async () => {
  const overtakenFirst: true[] = [];
  const onOvertaken = (): void => void overtakenFirst.push(true);
  const first = await rig.writer(tempDir(), { succession: { fence: true, onOvertaken } });
  await commit(first, 'a', '1');
  await first.published();
  const [dir, watcher] = [tempDir(), await rig.consumer()];
  const standby = await rig.consumer(dir);
  await standby.reaches(first.state);

  const { writer: second, overtaken } = await succeed(standby, dir, true);
  await second.published();
  // The first one accepts another change before it hears of it: nobody else ever does.
  await commit(first, 'a', 'late');
  await commit(second, 'a', '2');
  await second.published();
  await until(() => overtakenFirst.length > 0);
  await watcher.reaches(second.state);
  expect(second.state.epoch > first.state.epoch).toBe(true);
  expect(watcher.contents.get('g/K/ns/a')).toBe('2');
  expect(watcher.changes.some((change) => JSON.stringify(change).includes('late'))).toBe(false);
  expect(overtaken).toEqual([]);
});

it('writes nothing over a log that it has not read', async () => {
  const first = await rig.writer(tempDir());
  for (const name of ['a', 'b', 'c']) await commit(first, name, '1');
  await first.published();
  const watcher = await rig.consumer();
  await watcher.reaches(first.state);
  await first.close();
  const overtaken: true[] = [];
  const onOvertaken = (): void => void overtaken.push(true);
  const stranger = await rig.writer(tempDir(), { succession: { fence: true, onOvertaken } });
  await commit(stranger, 'd', '1');
  await until(() => overtaken.length > 0);
  expect([...watcher.contents.keys()]).toEqual(['a', 'b', 'c'].map((name) => `g/K/ns/${name}`));
  await stranger.close();
  const insisting = await rig.writer(tempDir(), { succession: { fence: true, onOvertaken, insist: true } });
  await commit(insisting, 'd', '1');
  await watcher.reaches(insisting.state);
  expect([...watcher.contents.keys()]).toEqual(['g/K/ns/d']);
});

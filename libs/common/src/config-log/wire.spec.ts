import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mintEpoch } from './epoch.js';
import { Intake } from './intake.js';
import { commitMessages } from './messages.js';
import type { OutgoingMessage } from './batch.js';
import type { Commit, Operation } from './types.js';
import { decodeMarker, encodeMarker, type EpochMarker, WireError } from './wire.js';

const RECEIVED = '2026-02-02T00:00:00Z';
const origin = { file: 'a.yaml', line: 3, resourceVersion: '77' };
const commit: Commit = {
  epoch: mintEpoch(1_790_000_000_000),
  revision: 8,
  previous: 7,
  operations: [
    { op: 'put', key: 'g/K/ns/a', content: '{"spec":{}}', origin },
    { op: 'delete', key: 'g/K/ns/b' },
    { op: 'origin', key: 'g/K/ns/c', origin: { file: 'b.yaml', line: 0 } },
  ],
  stateHash: 'a'.repeat(64),
  heldBack: [{ key: 'g/K/ns/d', code: 'IST0106', message: 'not a number' }],
  time: '2026-01-01T00:00:00.000Z',
};

/** What a reader makes of messages. */
function received(messages: Iterable<OutgoingMessage>, version?: number): ReturnType<Intake['take']> {
  const intake = new Intake({ version });
  let arrival: ReturnType<Intake['take']>;
  let sequence = 0;
  for (const message of messages)
    arrival = intake.take({ ...message, sequence: ++sequence, received: RECEIVED });
  return arrival;
}

describe('the wire form of a commit', () => {
  it.each([
    ['one message', undefined, 1],
    ['many', 20, 4],
  ])('comes back from %s', (_size, partBytes, count) => {
    const messages = [...commitMessages(commit, { partBytes })];
    expect(messages).toHaveLength(count);
    expect(received(messages)).toMatchObject({ kind: 'commit', commit });
  });

  it('comes back for any operations and any size of parts', () => {
    const text = fc.string({ unit: 'grapheme' });
    const put: fc.Arbitrary<Operation> = fc.record({
      op: fc.constant('put' as const),
      key: text,
      content: text,
      origin: fc.record({ file: text, line: fc.nat() }),
    });
    fc.assert(
      fc.property(
        fc.array(put, { minLength: 1 }),
        fc.integer({ min: 1, max: 500 }),
        (operations, partBytes) => {
          const messages = commitMessages({ ...commit, operations }, { partBytes });
          expect(received(messages)).toMatchObject({ kind: 'commit', commit: { ...commit, operations } });
        },
      ),
    );
  });

  it('has no held back resources and no time in version 1', () => {
    const messages = [...commitMessages(commit, { wire: { version: 1 } })];
    const text = new TextDecoder().decode(messages[0]!.payload);
    expect(text).not.toMatch(/heldBack|"time"/);
    expect(received(messages)).toMatchObject({ commit: { ...commit, heldBack: [], time: RECEIVED } });
  });

  it('is read by a reader of version 1', () => {
    expect(received(commitMessages(commit), 1)).toMatchObject({ kind: 'commit', commit });
  });

  it.each([
    ['two versions older', 1, 3],
    ['of a later version that says it is not for this reader', 4, 2],
  ])('is refused when %s', (_what, written, reader) => {
    expect(received(commitMessages(commit, { wire: { version: written } }), reader)).toMatchObject({
      kind: 'refused',
    });
  });

  it.each([
    ['a part is missing', (messages: OutgoingMessage[]) => messages.slice(1)],
    ['parts changed places', ([a, b, ...rest]: OutgoingMessage[]) => [b!, a!, ...rest]],
    ['a part came twice', ([a, b, ...rest]: OutgoingMessage[]) => [a!, b!, b!, ...rest]],
    [
      'a part of another commit came between',
      (messages: OutgoingMessage[]) => [
        messages[0]!,
        [...commitMessages(commit, { partBytes: 20 })][0]!,
        ...messages.slice(1),
      ],
    ],
  ])('is refused when %s', (_what, change) => {
    const messages = change([...commitMessages(commit, { partBytes: 20 })]);
    expect(received(messages)).toMatchObject({ kind: 'refused' });
  });
});

describe('a marker', () => {
  const marker: EpochMarker = {
    kind: 'epoch',
    epoch: commit.epoch,
    revision: 9,
    stateHash: 'b'.repeat(64),
    time: RECEIVED,
    snapshot: 'id',
  };

  it('comes back', () => {
    expect(decodeMarker(encodeMarker(marker), RECEIVED)).toEqual(marker);
  });

  it.each([
    ['epoch', 'x'],
    ['revision', -1],
    ['revision', 1.5],
    ['stateHash', 'zz'],
    ['kind', 'other'],
    ['v', '2'],
    ['v', undefined],
  ])('is refused with %s %j', (name, value) => {
    const text = JSON.stringify({
      ...(JSON.parse(new TextDecoder().decode(encodeMarker(marker))) as object),
      [name]: value,
    });
    expect(() => decodeMarker(new TextEncoder().encode(text), RECEIVED)).toThrow(WireError);
  });

  it.each(['', '[]', 'null', '"x"', '{', '\u0000'])('is not %j', (text) => {
    expect(() => decodeMarker(new TextEncoder().encode(text), RECEIVED)).toThrow(WireError);
  });
});

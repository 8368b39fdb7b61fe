import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { ConfigChange, Operation, StoredResource } from '#common/config-log';
import type { ClusterObject } from '#config';
import { virtualService } from '../pipeline.rig.js';
import type { FileChange } from '../sources/change.js';
import { seenStatus } from '../status/seen.js';
import { LogEcho } from './log-echo.js';
import { proposalFor } from './operations.js';
import {
  accepted,
  acceptedResources,
  applyChanges,
  inDoubt,
  rebaseSnapshot,
  restoreSnapshot,
  snapshotDiagnostics,
} from './snapshot.js';
import type { Snapshot } from './snapshot.js';
import { objectUnit } from './units.js';

const KEY = 'networking.istio.io/VirtualService/default/';
const empty = restoreSnapshot([]);

const text = (path: string, content: string, whole = true): FileChange => ({
  kind: 'text',
  path,
  text: content,
  whole,
});
const apply = (snapshot: Snapshot, ...changes: FileChange[]): Snapshot =>
  applyChanges(snapshot, changes).snapshot;

/** Name and subset of everything in force. */
function inForce(snapshot: Snapshot): Record<string, string> {
  const entries = [...acceptedResources(snapshot)].map(([key, { content }]) => [
    key.slice(KEY.length),
    /"subset":"(\w+)"/.exec(content)?.[1] ?? '',
  ]);
  return Object.fromEntries(entries.sort()) as Record<string, string>;
}

function state(snapshot: Snapshot): ReadonlyMap<string, StoredResource> {
  return new Map(acceptedResources(snapshot));
}

const invalid = (name: string): string => virtualService(name).replace('subset', 'subsett');
const both = `${virtualService('a')}---\n${virtualService('b')}`;

describe('what is accepted', () => {
  it('is each valid resource; an invalid one keeps its last good version', () => {
    const before = apply(empty, text('x.yaml', both));
    const after = apply(before, text('x.yaml', `${invalid('a')}---\n${virtualService('b', 'v2')}`));
    expect(inForce(after)).toEqual({ a: 'v1', b: 'v2' });
    expect(accepted(after, `${KEY}a`)?.heldBack).toMatchObject({ code: 'IST0106' });
    expect(snapshotDiagnostics(after)).toMatchObject([
      { code: 'IST0106', origin: { file: 'x.yaml', line: 12 } },
    ]);
  });

  it('is nothing of an invalid resource that was never good', () => {
    expect(inForce(apply(empty, text('x.yaml', invalid('a'))))).toEqual({});
  });

  it('stays whole where a file cannot be read far enough to name its resources', () => {
    const before = apply(empty, text('x.yaml', both));
    for (const broken of [
      '{',
      `${virtualService('a', 'v2')}---\nkind: [`,
      virtualService('b').replace('VirtualService', 'VirtualServce'),
    ]) {
      const after = apply(before, text('x.yaml', broken));
      expect(Object.keys(inForce(after))).toEqual(['a', 'b']);
      expect(snapshotDiagnostics(after)).not.toEqual([]);
    }
    expect(inForce(apply(before, { kind: 'failed', path: 'x.yaml', message: 'EACCES' }))).toEqual({
      a: 'v1',
      b: 'v1',
    });
  });

  it('goes with its file, and comes from the next file that has it', () => {
    const before = apply(
      empty,
      text('b.yaml', virtualService('a', 'v2')),
      text('a.yaml', virtualService('a', 'v1')),
    );
    expect(inForce(before)).toEqual({ a: 'v1' });
    expect(snapshotDiagnostics(before)).toMatchObject([
      { code: 'QT0003', origin: { file: 'b.yaml', line: 1 } },
    ]);
    const after = apply(before, { kind: 'gone', path: 'a.yaml' });
    expect(inForce(after)).toEqual({ a: 'v2' });
    expect(snapshotDiagnostics(after)).toEqual([]);
    expect(inForce(apply(after, { kind: 'gone', path: 'b.yaml' }))).toEqual({});
  });

  it('keeps its last good version where it moves to another file and breaks on the way', () => {
    const before = apply(empty, text('a.yaml', virtualService('a')));
    const after = apply(before, { kind: 'gone', path: 'a.yaml' }, text('b.yaml', invalid('a')));
    expect(inForce(after)).toEqual({ a: 'v1' });
  });

  it('is compared with what was accepted before the start', () => {
    const before = apply(empty, text('x.yaml', both), text('gone.yaml', virtualService('c')));
    const restored = restoreSnapshot(acceptedResources(before));
    const { snapshot, touched } = applyChanges(restored, [
      text('x.yaml', `${invalid('a')}---\n${virtualService('b')}`),
      { kind: 'gone', path: 'gone.yaml' },
    ]);
    expect(inForce(snapshot)).toEqual({ a: 'v1', b: 'v1' });
    expect(proposalFor(snapshot, touched, state(before)).operations).toEqual([
      { op: 'delete', key: `${KEY}c` },
    ]);
  });
});

describe('what is committed', () => {
  it('is the difference: a moved line moves the origin alone', () => {
    const before = apply(empty, text('x.yaml', both));
    const { snapshot, touched } = applyChanges(before, [text('x.yaml', `# a comment\n${both}`)]);
    expect(proposalFor(snapshot, touched, state(before)).operations).toEqual([
      { op: 'origin', key: `${KEY}a`, origin: { file: 'x.yaml', line: 2 } },
      { op: 'origin', key: `${KEY}b`, origin: { file: 'x.yaml', line: 15 } },
    ]);
  });

  it('is nothing where the same is said in other words', () => {
    const before = apply(empty, text('x.yaml', virtualService('a')));
    const { touched } = applyChanges(before, [
      text('x.yaml', virtualService('a').replace('name: a', 'name: "a" # same')),
    ]);
    expect(proposalFor(before, touched, state(before)).operations).toEqual([]);
  });

  it('names what was held back', () => {
    const before = apply(empty, text('x.yaml', both));
    const { snapshot, touched } = applyChanges(before, [
      text('x.yaml', `${invalid('a')}---\n${virtualService('b', 'v2')}`),
    ]);
    const proposal = proposalFor(snapshot, touched, state(before));
    expect(proposal.operations).toMatchObject([{ op: 'put', key: `${KEY}b` }]);
    expect(proposal.heldBack).toMatchObject([{ key: `${KEY}a`, code: 'IST0106' }]);
  });
});

describe('a file that may still be being written', () => {
  const written = (content: string): FileChange => text('x.yaml', content, false);
  const still: FileChange = { kind: 'still', path: 'x.yaml' };
  const before = apply(empty, text('x.yaml', both));

  it('loses nothing until it was still', () => {
    const half = apply(before, written(virtualService('a', 'v2')));
    expect(inForce(half)).toEqual({ a: 'v2', b: 'v1' });
    expect(inDoubt(half, [{ path: 'x.yaml' }]).size).toBe(1);
    expect(inForce(apply(half, still))).toEqual({ a: 'v2' });
  });

  it('is believed at once where only values changed, or something was added before a known end', () => {
    const edited = both.replaceAll('v1', 'v2').replace('networking.istio.io/v2', 'networking.istio.io/v1');
    const after = apply(before, written(edited.replaceAll('istio.io/v2', 'istio.io/v1')));
    expect(inForce(after)).toEqual({ a: 'v2', b: 'v2' });
    const longer = both.replace(
      / {4}- destination:\n {8}host: b/,
      '    - weight: 1\n      destination:\n        host: other\n        subset: v3\n$&',
    );
    const added = apply(before, written(longer));
    expect(inDoubt(added, [{ path: 'x.yaml' }]).size).toBe(0);
    expect(accepted(added, `${KEY}b`)?.content).toContain('other');
  });

  it('never serves any prefix of its new text, whatever was there before', () => {
    const rules = (name: string): string =>
      virtualService(name, 'v2').replace('  - route:', '  - match:\n    - uri: {prefix: /x}\n    route:');
    for (const next of [
      both.replaceAll('subset: v1', 'subset: v2'),
      `${virtualService('a', 'v2')}---\n${rules('b')}`,
    ]) {
      const wanted = new Set(
        [...acceptedResources(before), ...acceptedResources(apply(empty, text('x.yaml', next)))].map(
          ([, { content }]) => content,
        ),
      );
      let snapshot = before;
      for (let end = 0; end < next.length; end += 5) {
        snapshot = apply(snapshot, written(next.slice(0, end)));
        expect(Object.keys(inForce(snapshot))).toEqual(['a', 'b']);
        for (const [, { content }] of acceptedResources(snapshot)) expect(wanted).toContain(content);
        expect(snapshotDiagnostics(snapshot)).toEqual([]);
      }
      const after = apply(snapshot, written(next), still);
      expect(inForce(after)).toEqual({ a: 'v2', b: 'v2' });
    }
  });
});

describe('what takes over from another Galley', () => {
  const logOf = (...changes: FileChange[]) => state(apply(empty, ...changes));

  it('is what the sources say, over what is in force: the last good version of what is invalid is that of the log', () => {
    const own = apply(
      apply(empty, text('a.yaml', virtualService('a', 'seen'))),
      text('a.yaml', invalid('a')),
      text('b.yaml', virtualService('b', 'newer')),
    );
    const log = logOf(
      text('a.yaml', virtualService('a', 'log')),
      text('b.yaml', virtualService('b', 'older')),
      text('gone.yaml', virtualService('gone')),
      text('unknown.yaml', virtualService('unknown')),
    );
    const { snapshot, touched } = rebaseSnapshot(own, log, new Set(['gone.yaml']));
    expect(inForce(snapshot)).toEqual({ a: 'log', b: 'newer', unknown: 'v1' });
    expect(
      proposalFor(snapshot, touched, log).operations.map(({ op, key }) => [op, key.slice(KEY.length)]),
    ).toEqual([
      ['put', 'b'],
      ['delete', 'gone'],
    ]);
  });

  it('commits nothing where the log says the same', () => {
    const own = apply(empty, text('a.yaml', both));
    const { snapshot, touched } = rebaseSnapshot(own, state(own), new Set());
    expect(proposalFor(snapshot, touched, state(own)).operations).toEqual([]);
  });

  const object = (name: string, subset: string, resourceVersion: string, uid = ''): FileChange => ({
    kind: 'object',
    path: objectUnit('c', KEY + name),
    file: 'cluster/c',
    object: parse(virtualService(name, subset)) as ClusterObject,
    resourceVersion,
    about: { uid, generation: 1, status: seenStatus(undefined) },
  });
  const gone = (name: string): FileChange => ({ kind: 'gone', path: objectUnit('c', KEY + name) });
  const put = (name: string, subset: string, resourceVersion: string): ConfigChange => {
    const [[key, { content, origin }]] = logOf(object(name, subset, resourceVersion)) as unknown as [
      [string, StoredResource],
    ];
    return committed({ op: 'put', key, content, origin });
  };
  const committed = (operation: Operation): ConfigChange =>
    ({ kind: 'commit', commit: { operations: [operation] } }) as unknown as ConfigChange;

  it('takes nothing back that the log has of an object in a newer version than the own watch', () => {
    const own = apply(empty, object('a', 'v9', '9'), object('b', 'v10', '10'), object('c', 'v8', '8'));
    const log = logOf(object('a', 'v10', '10'), object('b', 'v9', '9'));
    const { snapshot } = rebaseSnapshot(own, log, new Set());
    expect(inForce(snapshot)).toEqual({ a: 'v10', b: 'v10', c: 'v8' });
    const catchingUp = apply(snapshot, object('a', 'v9', '9'));
    expect(inForce(catchingUp)).toMatchObject({ a: 'v10' });
    expect(inForce(apply(catchingUp, object('a', 'v11', '11')))).toMatchObject({ a: 'v11' });
    // Where nobody else wrote, the cluster is right whatever it says: it may have been put back.
    expect(inForce(apply(own, object('b', 'v3', '3')))).toMatchObject({ b: 'v3' });
  });

  it('brings nothing back that is deleted in the log, unless it was made anew since', () => {
    const echo = new LogEcho();
    let own = apply(empty, object('a', 'v1', '1'), object('b', 'v1', '2'), object('c', 'v1', '3'));
    for (const name of ['a', 'b', 'c']) echo.take(put(name, 'v1', '1'), own, 'c');
    // The log knew a newer version of this one than was seen here.
    echo.take(put('c', 'v2', '7'), own, 'c');
    for (const name of ['a', 'b', 'c']) echo.take(committed({ op: 'delete', key: KEY + name }), own, 'c');
    const later = echo.news([object('b', 'v3', '9'), object('c', 'v2', '6')]);
    expect(later.map(({ path }) => path)).toEqual([objectUnit('c', `${KEY}b`)]);
    own = apply(own, ...later);
    expect(echo.deleted(own)).toEqual(['a', 'c'].map((name) => objectUnit('c', KEY + name)));
    const { snapshot } = rebaseSnapshot(own, new Map(), new Set(echo.deleted(own)));
    expect(inForce(snapshot)).toEqual({ b: 'v3' });
    expect(echo.news([gone('a'), gone('c')])).toHaveLength(2);
    expect(echo.deleted(own)).toEqual([]);
  });

  it('drops nothing that was made anew before the log told of the end of the one before', () => {
    const echo = new LogEcho();
    let own = empty;
    const tell = (...changes: FileChange[]) => (own = apply(own, ...echo.news(changes)));
    const names = ['seen', 'missed', 'edited'];
    tell(...names.map((name) => object(name, 'v1', '1', 'first')));
    for (const name of names) echo.take(put(name, 'v1', '1'), own, 'c');
    tell(gone('seen'));
    tell(object('seen', 'v2', '5', 'second'), object('missed', 'v2', '6', 'second'));
    tell(object('edited', 'v2', '7', 'first'));
    for (const name of names) echo.take(committed({ op: 'delete', key: KEY + name }), own, 'c');
    const deleted = echo.deleted(own);
    expect(deleted).toEqual([objectUnit('c', `${KEY}edited`)]);
    const { snapshot } = rebaseSnapshot(own, new Map(), new Set(deleted));
    expect(inForce(snapshot)).toEqual({ seen: 'v2', missed: 'v2' });
  });
});

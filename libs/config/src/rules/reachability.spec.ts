import { describe, expect, it } from '@jest/globals';
import type { HTTPMatchRequest } from '../kinds/networking.js';
import { formatPath, Scope } from '../problem.js';
import type { Problem } from '../problem.js';
import { checkReachable, covers } from './reachability.js';

/** Code and place of what is found in routes with these matches. */
function found(...routes: HTTPMatchRequest[][]): string[] {
  const problems: Problem[] = [];
  checkReachable(
    routes.map((match) => ({ match })),
    new Scope(problems),
  );
  return problems.map(({ code, path }) => `${code} ${formatPath(path)}`);
}

describe('checkReachable', () => {
  it.each<[string, HTTPMatchRequest[][], string[]]>([
    ['nothing in a usual list', [[{ uri: { prefix: '/a' } }], [{ uri: { prefix: '/b' } }], []], []],
    [
      'routes behind one without a match',
      [[], [{ uri: { prefix: '/a' } }], []],
      ['unreachableRule [1]', 'unreachableRule [2]'],
    ],
    [
      'routes behind the prefix of all',
      [[{ uri: { prefix: '/' } }], [{ method: { exact: 'GET' } }]],
      ['unreachableRule [1]'],
    ],
    [
      'a narrower prefix',
      [[{ uri: { prefix: '/a' } }], [{ uri: { exact: '/a/b' } }]],
      ['unreachableRule [1]'],
    ],
    ['a wider prefix not', [[{ uri: { prefix: '/a/b' } }], [{ uri: { prefix: '/a' } }]], []],
    [
      'a prefix of other conditions not',
      [[{ uri: { prefix: '/a' }, port: 80 }], [{ uri: { prefix: '/a' } }]],
      [],
    ],
    [
      'one match of several',
      [
        [{ name: 'x', headers: { a: { exact: '1' } } }],
        [{ headers: { a: { exact: '1' } } }, { headers: {}, uri: { exact: '/' } }],
      ],
      ['ineffectiveMatch [1].match[0]'],
    ],
  ])('reports %s', (_what, routes, expected) => expect(found(...routes)).toEqual(expected));

  it('says nothing of what follows a delegation: its delegate may leave requests over', () => {
    const problems: Problem[] = [];
    checkReachable([{ delegate: { name: 'a' } }, { route: [] }], new Scope(problems));
    expect(problems).toEqual([]);
  });

  it('takes the largest resources in its stride', () => {
    const routes = Array.from({ length: 5_000 }, (_none, index) => [{ uri: { exact: `/${index}` } }]);
    expect(found(...routes, [{ uri: { exact: '/7' } }])).toEqual(['unreachableRule [5000]']);
  });
});

it.each<[HTTPMatchRequest, HTTPMatchRequest, boolean]>([
  [{ headers: { a: { exact: '1' } } }, { headers: { a: { exact: '1' }, b: {} } }, true],
  [{ headers: { a: { exact: '1' } } }, { headers: { a: { exact: '2' } } }, false],
  [{ uri: { prefix: '/a' }, ignoreUriCase: true }, { uri: { prefix: '/a' } }, false],
  [{ uri: { prefix: '/' }, ignoreUriCase: true }, { uri: { regex: '/a.*' } }, true],
  [{ uri: { regex: '/a.*' } }, { uri: { regex: '/a.*' }, port: 1 }, true],
  [{ sourceLabels: { app: 'a' } }, {}, false],
])('covers(%j, %j) is %s', (wide, narrow, expected) => expect(covers(wide, narrow)).toBe(expected));

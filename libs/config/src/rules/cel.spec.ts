import { describe, expect, it } from '@jest/globals';
import type { Problem } from '../problem.js';
import { Scope } from '../problem.js';
import { checkCel } from './cel.js';

function problems(expression: string): string[] {
  const found: Problem[] = [];
  checkCel(expression, new Scope(found));
  return found.map(({ message }) => message);
}

describe('checkCel', () => {
  it.each([
    'response.code >= 400',
    'response.code >= 400 && request.url_path.startsWith("/api")',
    "request.headers['x-debug'] == 'on' || !has(request.headers.cookie)",
    'connection.mtls && (response.flags & 0) == 0'.replace(' & 0', ''),
    "request.method in ['GET', 'HEAD'] ? true : false",
    'request.path.matches("^/x-.*") // a comment',
    '-1 < size({"a": 1, "b": [1, 2.5, 0x1f, 1u]})',
    'request.duration > duration("100ms")',
    "r'\\d' != '''a\nb'''",
  ])('takes %s', (expression) => expect(problems(expression)).toEqual([]));

  it.each([
    ['', 'it ends too early'],
    ['response.code >=', 'it ends too early'],
    ['(a', 'the end stands where ) should'],
    ['a b', '"b" is one too many'],
    ['a == "b', '"\\"" cannot stand here'],
    ['nonsense(a)', 'there is no function nonsense'],
    ['a.toUpper()', 'there is no function toUpper'],
    ['a.exists(b, b == 1)', 'there is no function exists'],
    ['string(1)', 'there is no function string'],
    ['a = b', '"=" is one too many'],
    ['a ? b', 'the end stands where : should'],
    ['a.', 'the end is no name of a field'],
    [`${'('.repeat(200)}a${')'.repeat(200)}`, 'it is nested too deep'],
  ])('refuses %s', (expression, message) =>
    expect(problems(expression)).toEqual([`no CEL expression: ${message}`]),
  );
});

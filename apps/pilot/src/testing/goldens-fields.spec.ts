import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { fieldCoverage, fieldName, fieldTable } from './field-coverage.js';
import { goldenCases } from './golden-cases.js';
import { NOT_IMPLEMENTED } from './not-implemented.js';

const TABLE = fileURLToPath(new URL('../../../../docs/fields.md', import.meta.url));
/** Fields that wait for a case, one a line. `npm run goldens` takes out what got one; nothing is ever added. */
const WAITING = fileURLToPath(new URL('../../testdata/fields-without-case.txt', import.meta.url));

const rewrite = process.env['UPDATE_GOLDENS'] === '1';

describe('every field of every kind', () => {
  const fields = fieldCoverage(goldenCases());
  const without = fields
    .filter(({ goldenCase, because }) => !goldenCase && !because)
    .map(({ kind, path }) => fieldName(kind, path))
    .filter((name) => !NOT_IMPLEMENTED.has(name));

  it('has a golden case', () => {
    const missing = without.filter((name) => !waiting().includes(name));
    expect(
      advice(missing, 'add each to the input.yaml of a case in apps/pilot/testdata, then npm run goldens'),
    ).toBe('');
  });

  it('waits for one only as long as it has none', () => {
    if (rewrite) write(waiting().filter((name) => without.includes(name)));
    const over = waiting().filter((name) => !without.includes(name));
    expect(advice(over, 'these have a case by now, or are no fields any more: npm run goldens')).toBe('');
  });

  it('has no effect where it is said that Istio gives it none', () => {
    const excused = fields.filter(({ kind, path }) => NOT_IMPLEMENTED.has(fieldName(kind, path)));
    expect(excused.filter(({ supported, goldenCase }) => supported || goldenCase)).toEqual([]);
    expect(excused).toHaveLength(NOT_IMPLEMENTED.size);
  });

  it('stands in docs/fields.md', () => {
    const table = fieldTable(fields, NOT_IMPLEMENTED);
    if (rewrite) writeFileSync(TABLE, table);
    const fresh = readFileSync(TABLE, 'utf8') === table;
    expect(fresh ? '' : 'docs/fields.md is stale: npm run goldens').toBe('');
  });
});

function waiting(): string[] {
  return readFileSync(WAITING, 'utf8').split('\n').filter(Boolean);
}

function write(names: readonly string[]): void {
  writeFileSync(WAITING, names.map((name) => `${name}\n`).join(''));
}

function advice(names: readonly string[], what: string): string {
  return names.length === 0 ? '' : `${what}:\n${names.map((name) => `  ${name}`).join('\n')}`;
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from '@jest/globals';
import { packageRoot } from '#common/binaries';

const docs = readdirSync(join(packageRoot(), 'docs')).map((name) => join('docs', name));
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...docs];

/** Files and folders that a page links to, from the root of the clone. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(packageRoot(), page), 'utf8');
  const targets = [...text.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map(([, target = '']) => target);
  const inside = targets.filter((target) => !/^[a-z]+:/.test(target));
  return inside.map((target) => normalize(join(dirname(page), target)));
}

it.each(pages)('every link of %s leads somewhere', (page) => {
  expect(linksOf(page).filter((target) => !existsSync(join(packageRoot(), target)))).toEqual([]);
});

it('every page is to be found from the README', () => {
  const linked = linksOf('README.md');
  expect(pages.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([]);
});

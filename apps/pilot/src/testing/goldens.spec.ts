import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { typeNameOf } from '#common/proto/json';
import { brokenRule } from '#common/proto/rules';
import { generateAll } from '../generate/generate-all.js';
import { proxyFromNode } from '../model/node.js';
import { worldOf } from '../translate.js';
import type { GoldenCase } from './golden-cases.js';
import { goldenCases, translateCase } from './golden-cases.js';

/** `npm run goldens` sets this: the files are written anew, and those that nothing makes any more are removed. */
const rewrite = process.env['UPDATE_GOLDENS'] === '1';

function expectedFiles(golden: GoldenCase): Map<string, string> {
  const types = Object.entries(translateCase(golden)).filter(([, resources]) => resources.length > 0);
  return new Map(types.map(([type, resources]) => [`expected.${type}.yaml`, render(resources)]));
}

function render(resources: unknown): string {
  return stringify(resources, { lineWidth: 0, aliasDuplicateObjects: false });
}

function heldFiles({ folder }: GoldenCase): string[] {
  return readdirSync(folder).filter((file) => file.startsWith('expected.'));
}

/** By resource, what Envoy would refuse without looking further. */
function brokenRules({ resources, proxy }: GoldenCase): string[] {
  const node = proxyFromNode({ id: proxy.id, cluster: '', metadata: proxy.metadata ?? {} });
  if (!node.ok) return [node.error];
  const all = [...generateAll(worldOf(resources, proxy.environment), node.proxy)];
  return all.flatMap(([type, made]) =>
    made.flatMap(({ name, value }) => {
      const broken = brokenRule(typeNameOf(type), value);
      return broken === undefined ? [] : [`${name}: ${broken}`];
    }),
  );
}

describe('golden cases', () => {
  const cases = goldenCases();

  it.each(cases.map((golden) => [golden.name, golden] as const))(
    "%s keeps the rules of Envoy's API",
    (_name, golden) => expect(brokenRules(golden)).toEqual([]),
  );

  it('cover the API', () => expect(cases.length).toBeGreaterThanOrEqual(30));

  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
    const expected = expectedFiles(golden);
    if (rewrite) {
      for (const file of heldFiles(golden)) if (!expected.has(file)) rmSync(join(golden.folder, file));
      for (const [file, text] of expected) writeFileSync(join(golden.folder, file), text);
    }
    expect(heldFiles(golden).sort()).toEqual([...expected.keys()].sort());
    for (const [file, text] of expected) {
      const path = join(golden.folder, file);
      expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(text);
    }
  });
});

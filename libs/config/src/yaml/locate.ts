import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair, ParsedNode } from 'yaml';
import type { Path } from '../problem.js';
import { camelCase } from '../schema/names.js';
import { scalarText } from './convert.js';

/** Finds the line of a field, by the names of the storage form: `match_labels` in the file is matchLabels here. */
export function pathLocator(
  document: Document.Parsed<ParsedNode>,
  lineAt: (offset: number) => number,
): (path: Path) => number {
  return (path) => {
    let node: Node | null = document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const step of path) {
      const next = stepInto(resolved(node, document), step);
      if (!next) break;
      offset = next.offset ?? offset;
      node = next.node;
    }
    return lineAt(offset);
  };
}

function resolved(node: Node | null, document: Document.Parsed<ParsedNode>): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

function stepInto(
  node: Node | null,
  step: string | number,
): { node: Node | null; offset?: number } | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step] as Node | undefined;
    return item && { node: item, offset: item.range?.[0] };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((candidate) => names(candidate, String(step)));
  return pair && { node: pair.value as Node | null, offset: (pair.key as Node).range?.[0] };
}

function names(pair: Pair, step: string): boolean {
  const key = isScalar(pair.key) ? scalarText(pair.key) : undefined;
  return key !== undefined && (key === step || camelCase(key) === step);
}

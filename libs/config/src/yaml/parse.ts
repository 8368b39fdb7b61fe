import { Composer, LineCounter, Parser } from 'yaml';
import type { CST, Document, ParsedNode } from 'yaml';
import type { Path } from '../problem.js';
import { convert } from './convert.js';
import { MAX_DEPTH } from './limits.js';
import { pathLocator } from './locate.js';
import type { YamlProblem } from './yaml-problem.js';

/** One document as plain values, with the way back to its lines. */
export interface YamlDocument {
  /** Meaningful only where there are no problems. */
  readonly value: unknown;
  /** 1-based line of the first key. */
  readonly line: number;
  /** 1-based line of a field; of the closest field around it where it does not exist. */
  readonly lineOf: (path: Path) => number;
  readonly problems: readonly YamlProblem[];
}

type ParsedDocument = Document.Parsed<ParsedNode>;

/** Reads all documents of a text. Never throws; time is proportional to the length of the text. */
export function parseYaml(text: string): YamlDocument[] {
  const lines = new LineCounter();
  try {
    return compose(text, lines).map((composed) =>
      'code' in composed ? broken(composed) : toDocument(composed, lines),
    );
  } catch (error) {
    return [broken({ code: 'syntax', message: `cannot be read: ${(error as Error).message}`, line: 1 })];
  }
}

function compose(text: string, lines: LineCounter): (ParsedDocument | YamlProblem)[] {
  // Keys are checked for being unique while converting: the composer's own check is quadratic.
  const composer = new Composer<ParsedNode>({
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const composed: (ParsedDocument | YamlProblem)[] = [];
  for (const token of new Parser(lines.addNewLine).parse(text)) {
    if (isTooDeep(token)) {
      const line = lines.linePos('offset' in token ? token.offset : 0).line;
      composed.push({
        code: 'limit',
        message: `nested deeper than ${MAX_DEPTH} levels`,
        line: Math.max(1, line),
      });
      continue;
    }
    composed.push(...composer.next(token));
  }
  composed.push(...composer.end());
  return composed;
}

/** Walks the concrete syntax tree without recursion: the tree is not known to be shallow yet. */
function isTooDeep(token: CST.Token): boolean {
  const pending: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.depth > MAX_DEPTH) return true;
    const depth = next.depth + 1;
    if ('value' in next.token && next.token.value) pending.push({ token: next.token.value, depth });
    if (!('items' in next.token)) continue;
    for (const item of next.token.items) {
      if (item.key) pending.push({ token: item.key, depth });
      if (item.value) pending.push({ token: item.value, depth });
    }
  }
  return false;
}

function toDocument(document: ParsedDocument, lines: LineCounter): YamlDocument {
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const syntax = document.errors.map((error): YamlProblem => {
    return { code: 'syntax', message: firstLine(error.message), line: lineAt(error.pos[0]) };
  });
  const converted =
    syntax.length === 0 ? convert(document.contents, lineAt) : { value: undefined, problems: [] };
  return {
    value: converted.value,
    line: document.contents ? lineAt(document.contents.range[0]) : 1,
    lineOf: pathLocator(document, lineAt),
    problems: [...syntax, ...converted.problems],
  };
}

function broken(problem: YamlProblem): YamlDocument {
  return { value: undefined, line: problem.line, lineOf: () => problem.line, problems: [problem] };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
}

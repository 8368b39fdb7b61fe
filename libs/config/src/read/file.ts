import { MAX_TEXT_LENGTH } from '../yaml/limits.js';
import { parseYaml } from '../yaml/parse.js';
import type { Origin } from '../resource.js';
import { chunksOf } from './chunks.js';
import type { Chunk } from './chunks.js';
import { readDocument } from './document.js';
import type { DocumentReading } from './manifest.js';

/** All that a file says, in order. Immutable. */
export interface FileReading {
  /** Path as it is shown to users. */
  readonly path: string;
  /** Of the object of a cluster that stands for a file here. */
  readonly resourceVersion?: string;
  readonly documents: readonly DocumentReading[];
  /** Readings by the text of their part: what did not change is not read again. */
  readonly chunks: ReadonlyMap<string, readonly DocumentReading[]>;
  /** The last lines that are not blank, for judging whether a file that is being written is complete. */
  readonly ending: string;
  /** True where the text ends with a line break. */
  readonly terminated: boolean;
}

const ENDING_LINES = 3;

/**
 * Reads a file of YAML or JSON documents. Never throws; a file that says nothing readable has one `unnamed`
 * document. With `previous` readings of the same file only documents that none of them has cost anything.
 */
export function readFile(
  path: string,
  text: string,
  ...previous: readonly (FileReading | undefined)[]
): FileReading {
  if (text.length > MAX_TEXT_LENGTH) {
    return failedReading(path, 'limit', `the file is longer than ${MAX_TEXT_LENGTH} characters`);
  }
  const chunks = new Map<string, readonly DocumentReading[]>();
  const documents: DocumentReading[] = [];
  for (const chunk of chunksOf(text)) {
    const read = chunks.get(chunk.text) ?? known(chunk, previous) ?? readChunk(chunk);
    chunks.set(chunk.text, read);
    for (const document of read) documents.push(shifted(document, chunk.offset));
  }
  return { path, documents, chunks, ending: endingOf(text), terminated: text === '' || text.endsWith('\n') };
}

/** Where a document of a file stands, or a line in it. */
export function originIn({ path: file, resourceVersion }: FileReading, line: number): Origin {
  return resourceVersion === undefined ? { file, line } : { file, line, resourceVersion };
}

/** Stands for a file that could not be read at all: one document that cannot be named. */
export function failedReading(
  path: string,
  code: 'limit' | 'unreadable' | 'syntax',
  message: string,
): FileReading {
  const problems = [{ code, message, path: [], line: 1 }];
  return {
    path,
    documents: [{ outcome: 'unnamed', line: 1, problems }],
    chunks: new Map(),
    ending: '',
    terminated: true,
  };
}

/** The text of a file, or undefined where its bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function known(
  chunk: Chunk,
  previous: readonly (FileReading | undefined)[],
): readonly DocumentReading[] | undefined {
  return previous.find((reading) => reading?.chunks.has(chunk.text))?.chunks.get(chunk.text);
}

function readChunk(chunk: Chunk): DocumentReading[] {
  return parseYaml(chunk.text).flatMap((document) => readDocument(document));
}

function shifted(document: DocumentReading, offset: number): DocumentReading {
  if (offset === 0) return document;
  const moved = { ...document, line: document.line + offset, problems: document.problems.map(move) };
  return moved.outcome === 'accepted' ? { ...moved, references: moved.references.map(move) } : moved;

  function move<T extends { readonly line: number }>(located: T): T {
    return { ...located, line: located.line + offset };
  }
}

function endingOf(text: string): string {
  const lines = text.slice(-4096).split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .slice(-ENDING_LINES)
    .join('\n');
}

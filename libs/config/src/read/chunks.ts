/** A part of a file that parses by itself: its documents do not depend on any other part. */
export interface Chunk {
  readonly text: string;
  /** Lines of the file before it. */
  readonly offset: number;
}

/** A `---` in the first column ends a document whatever stands around it, even inside a block or quoted scalar. */
const DOCUMENT_START = /^---(?=[ \t\r\n]|$)/gm;
/** A line that is more than a comment, a directive or blank: without one, a part belongs to the document behind it. */
const CONTENT = /^[ \t]*[^\s#%]/m;

/**
 * Cuts a file at its document marks, so that an edit costs the document that it touches and not the file.
 *
 * @see https://yaml.org/spec/1.2.2/#914-explicit-documents
 */
export function chunksOf(text: string): Chunk[] {
  const starts = [...text.matchAll(DOCUMENT_START)].map((match) => match.index);
  const chunks: Chunk[] = [];
  let from = 0;
  let offset = 0;
  for (const to of [...starts, text.length]) {
    const part = text.slice(from, to);
    if (to < text.length && !CONTENT.test(part)) continue;
    if (part !== '') chunks.push({ text: part, offset });
    offset += countLines(part);
    from = to;
  }
  return chunks;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

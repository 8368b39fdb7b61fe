import { createHash } from 'node:crypto';
import type { Origin, ResourceKey } from '#config';
import type { Commit } from './types.js';

/** Version of the journal's own form; a file of another version is not read. */
export const JOURNAL_VERSION = 1;

/** First line of a base: what the lines after it amount to. */
export interface BaseLine {
  readonly kind: 'base';
  readonly v: number;
  readonly generation: number;
  readonly epoch: string;
  readonly revision: number;
  readonly stateHash: string;
  readonly resources: number;
  /** Position in the log stream; 0 where unknown. */
  readonly sequence: number;
}

export interface ResourceLine {
  readonly kind: 'resource';
  readonly key: ResourceKey;
  readonly content: string;
  readonly origin: Origin;
}

export interface CommitLine {
  readonly kind: 'commit';
  readonly commit: Commit;
  readonly sequence: number;
}

/** The same resources under another head: a new epoch, or a position in the log. */
export interface HeadLine {
  readonly kind: 'head';
  readonly epoch: string;
  readonly revision: number;
  readonly sequence: number;
}

export type JournalLine = BaseLine | ResourceLine | CommitLine | HeadLine;

const CHECKSUM_DIGITS = 16;

/** `<16 hex digits of sha256 over the JSON> <JSON>\n` */
export function encodeLine(line: JournalLine): string {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
}

/** `undefined` where the line is torn or changed. */
export function decodeLine(text: string): JournalLine | undefined {
  const json = text.slice(CHECKSUM_DIGITS + 1);
  if (text[CHECKSUM_DIGITS] !== ' ' || checksum(json) !== text.slice(0, CHECKSUM_DIGITS)) return undefined;
  return JSON.parse(json) as JournalLine;
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, CHECKSUM_DIGITS);
}

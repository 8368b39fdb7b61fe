import { CODES, documentKey, originIn } from '#config';
import type { DocumentReading, FileReading, Origin, ResourceKey } from '#config';
import { isTailInDoubt } from './tail.js';

/** What one file says about a key: the content it has, or had when it was last good. */
export interface Claim {
  /** Canonical JSON of the resource. */
  readonly content: string;
  readonly origin: Origin;
  /** Why this is an older version than the file's. */
  readonly heldBack?: { readonly code: string; readonly message: string };
}

export type Claims = ReadonlyMap<ResourceKey, Claim>;

/** Claims of a file, and whether some of them hang on the file being complete. */
export interface ClaimsReading {
  readonly claims: Claims;
  readonly inDoubt: boolean;
}

/** What is known when a file is read. */
export interface FileHistory {
  /** What it claimed before. */
  readonly claims: Claims;
  /** Its last complete reading since the start. */
  readonly settled?: FileReading;
  /** True where a piece of it was seen since then: the file is being written bit by bit. */
  readonly growing: boolean;
  /** The accepted version of a resource, whichever file it came from. */
  readonly lastGood: (key: ResourceKey) => Claim | undefined;
}

/**
 * The claims of a file, document by document: an invalid one keeps its last good version, and a file with documents
 * that cannot be named keeps all that it held. While a file may still be being written (`whole` is false), nothing
 * that it held goes away, and its last document waits where it looks cut off.
 */
export function readClaims(reading: FileReading, whole: boolean, history: FileHistory): ClaimsReading {
  const claims = new Map<ResourceKey, Claim>();
  const cutOff = !whole && isTailInDoubt(reading, history);
  const last = cutOff ? reading.documents.at(-1) : undefined;
  for (const document of reading.documents) {
    const key = documentKey(document);
    if (key === undefined || claims.has(key)) continue;
    const claim = document === last ? history.claims.get(key) : claimOf(document, key, reading, history);
    if (claim) claims.set(key, claim);
  }
  const nameless = reading.documents.find((document) => document.outcome === 'unnamed');
  let vanished = false;
  for (const [key, claim] of history.claims) {
    if (claims.has(key)) continue;
    if (nameless) claims.set(key, heldBack(claim, nameless));
    else if (!whole) claims.set(key, claim);
    vanished = true;
  }
  return { claims, inDoubt: !whole && (cutOff || vanished || nameless !== undefined) };
}

function claimOf(
  document: DocumentReading,
  key: ResourceKey,
  reading: FileReading,
  history: FileHistory,
): Claim | undefined {
  if (document.outcome === 'accepted') {
    return { content: document.content, origin: originIn(reading, document.line) };
  }
  const good = history.claims.get(key) ?? history.lastGood(key);
  return good && heldBack(good, document);
}

function heldBack(claim: Claim, document: DocumentReading): Claim {
  const [problem] = document.problems.filter(({ code }) => CODES[code].level === 'Error');
  const { code } = CODES[problem?.code ?? 'schema'];
  return {
    content: claim.content,
    origin: claim.origin,
    heldBack: { code, message: problem?.message ?? '' },
  };
}

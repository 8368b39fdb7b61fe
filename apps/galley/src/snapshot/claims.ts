import { CODES, documentKey, originIn } from '#config';
import type { DocumentReading, FileReading, ResourceKey } from '#config';
import type { Claim, Claims, FileHistory } from './claim.js';
import { isTailInDoubt } from './tail.js';

/** Claims of a file, and whether some of them hang on the file being complete. */
export interface ClaimsReading {
  readonly claims: Claims;
  readonly inDoubt: boolean;
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

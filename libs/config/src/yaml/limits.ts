/** Bounds on what is read. A config file that exceeds one is a mistake or an attack; either way it is a diagnostic. */

/** Room for some ten thousand resources in one file. */
export const MAX_TEXT_LENGTH = 8 * 1024 * 1024;

/** Deeper nesting than any Istio kind has; the composer behind it recurses, so this also bounds the stack. */
export const MAX_DEPTH = 100;

/** Values of one document, aliases counted as often as they are used. */
export const MAX_NODES = 1_000_000;

/** Findings kept per document: nobody reads more, and a hostile document could have a million. */
export const MAX_PROBLEMS = 50;

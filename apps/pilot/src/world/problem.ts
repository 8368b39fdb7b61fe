import type { Diagnostic } from '#config';

/** What is wrong with one resource, to be said of it and of where it stands. */
export type Problem = Omit<Diagnostic, 'origin' | 'resource'>;

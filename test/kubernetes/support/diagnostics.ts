import type { Diagnostic } from '#config';

/** Codes of what is wrong with a source, not with config that is read there. */
const OF_SOURCES: ReadonlySet<string> = new Set(['QT0008', 'QT0013', 'QT0014']);

/** What Galley says of the cluster as a source, code and message. */
export function saidOfSources(diagnostics: readonly Diagnostic[]): string[] {
  const said = diagnostics.filter(({ code }) => OF_SOURCES.has(code));
  return said.map(({ code, message }) => `${code} ${message}`);
}

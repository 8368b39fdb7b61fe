/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/**
 * Reads Prometheus' text format; comments and what is no sample are skipped.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parsePrometheus(text: string): Sample[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

function parseLine(line: string): Sample | undefined {
  const [, name, labels = '', value] = LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const pairs = Array.from(
    labels.matchAll(LABEL),
    ([, key = '', text = '']) => [key, unescape(text)] as const,
  );
  return { name, labels: new Map(pairs), value: value === '+Inf' ? Infinity : Number(value) };
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_match, character: string) => (character === 'n' ? '\n' : character));
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of a metric on a Prometheus page that have these labels among theirs. */
export function samplesOf(page: string, name: string, labels: Readonly<Record<string, string>>): Sample[] {
  const lines = page.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines
    .map(parseSample)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
}

function parseSample(line: string): Sample {
  const pairs = [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
    label,
    value,
  ]);
  return {
    labels: Object.fromEntries(pairs) as Record<string, string>,
    value: Number(line.split(' ').at(-1)),
  };
}

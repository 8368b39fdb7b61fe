import type { Kind } from '#config';
import { KINDS, MESH_CONFIG, fieldsIn, fieldsOf, findKind } from '#config';
import type { GoldenCase } from './golden-cases.js';

/** A field of a kind that proxies are configured by, and the golden case that shows best what it does. */
export interface CoveredField {
  readonly kind: string;
  readonly path: string;
  /** False where Quartet says that it has no effect. */
  readonly supported: boolean;
  /** Why it has none, where the schema says so: then no case has to show anything. */
  readonly because?: string | undefined;
  /** Of the cases whose input has the field, the one whose input has the fewest. */
  readonly goldenCase: string | undefined;
}

/** Mixer's kinds never reach a proxy. */
const TRAFFIC_KINDS: readonly Kind[] = [...KINDS, MESH_CONFIG].filter(
  ({ group }) => group !== 'config.istio.io',
);

/** Every field of every kind, in the order of the schemas. */
export function fieldCoverage(cases: readonly GoldenCase[]): CoveredField[] {
  const focused = cases
    .map((golden) => ({ name: golden.name, fields: fieldsOfCase(golden) }))
    .sort((a, b) => a.fields.size - b.fields.size || (a.name < b.name ? -1 : 1));
  return TRAFFIC_KINDS.flatMap((kind) =>
    fieldsOf(kind).map(({ path, supported, because }) => {
      const found = focused.find(({ fields }) => fields.has(fieldName(kind.kind, path)));
      return { kind: kind.kind, path, supported, because, goldenCase: found?.name };
    }),
  );
}

/** `VirtualService http[].timeout` */
export function fieldName(kind: string, path: string): string {
  return `${kind} ${path}`;
}

function fieldsOfCase({ resources }: GoldenCase): Set<string> {
  const names = resources.flatMap(({ group, kind, spec }) => {
    const found = findKind(group, kind);
    return found ? [...fieldsIn(found, spec)].map((path) => fieldName(kind, path)) : [];
  });
  return new Set(names);
}

/** docs/fields.md. `reasons` tell, by {@link fieldName}, why a field has no case. */
export function fieldTable(fields: readonly CoveredField[], reasons: ReadonlyMap<string, string>): string {
  const kinds = [...new Set(fields.map(({ kind }) => kind))];
  const sections = kinds.map((kind) => {
    const rows = fields.filter((field) => field.kind === kind).map((field) => row(field, reasons));
    return `## ${kind}\n\n| field | golden case |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return `${PREFACE}\n${sections.join('\n')}`;
}

const PREFACE = `# Every field, and the golden case that shows what it does

Written by \`npm run goldens\`. \`[]\` stands for any index of a list, \`{}\` for any key of a map. A case is a folder of
[apps/pilot/testdata](../apps/pilot/testdata); of several that have a field, the one with the least else in it.
`;

function row(
  { kind, path, because, goldenCase }: CoveredField,
  reasons: ReadonlyMap<string, string>,
): string {
  const shown = goldenCase && `[${goldenCase}](../apps/pilot/testdata/${goldenCase})`;
  const excuse = because && `no effect: ${because}`;
  return `| \`${path}\` | ${shown ?? excuse ?? reasons.get(fieldName(kind, path)) ?? 'none yet'} |`;
}

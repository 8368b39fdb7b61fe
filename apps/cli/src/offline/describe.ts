import { enforcedBy, readConfig, type Origin, type Resource } from '#config';
import { columns } from '../table.js';
import { readConfigFiles } from './files.js';

export interface DescribeOptions {
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly json: boolean;
}

/** Prints who enforces the rules of these resources. Exit code 1 where there is none to describe. */
export async function describeResources(paths: readonly string[], options: DescribeOptions): Promise<number> {
  const { resources } = readConfig(await readConfigFiles(paths));
  const found = [...resources.values()].filter(({ resource }) => isWanted(resource, options));
  if (found.length === 0) process.stderr.write('quartet describe: no such resource in these files\n');
  if (options.json) process.stdout.write(`${JSON.stringify(found.map(asJson), null, 2)}\n`);
  else process.stdout.write(found.map((each) => `${asText(each)}\n`).join('\n'));
  return found.length > 0 ? 0 : 1;
}

interface Located {
  readonly resource: Resource;
  readonly origin: Origin;
}

function isWanted(resource: Resource, { kind, name, namespace }: DescribeOptions): boolean {
  return (
    (kind === undefined || resource.kind.toLowerCase() === kind.toLowerCase()) &&
    (name === undefined || resource.name === name) &&
    (namespace === undefined || resource.namespace === namespace)
  );
}

function asJson({ resource, origin }: Located): object {
  const rules = enforcedBy(resource).map(({ row, by }) => {
    const { id, fields, rule, note } = row;
    return { id, fields, rule, by, ...(note !== undefined && { note }) };
  });
  return { resource: resource.key, origin, rules };
}

function asText({ resource, origin }: Located): string {
  const { kind, namespace, name } = resource;
  const rules = enforcedBy(resource);
  const rows = rules.map(({ row, by }) => ['', row.id, row.rule, `by ${by.join(', ')}`]);
  const notes = rules.flatMap(({ row }) => (row.note === undefined ? [] : [`   ${row.id}: ${row.note}`]));
  const title = `${kind} ${namespace}/${name}  (${origin.file}:${origin.line})`;
  const body = rules.length > 0 ? columns(rows) : ['   takes effect at no proxy by itself'];
  return [title, ...body, ...notes].join('\n');
}

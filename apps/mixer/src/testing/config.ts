import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigChange, StoredResource } from '#common/config-log';
import { encodeContent, readConfig } from '#config';

/** A config as the log would hand it on, from YAML texts by file name. Throws for what Galley would refuse. */
export function configChange(files: Readonly<Record<string, string>>): ConfigChange {
  const reading = readConfig(Object.entries(files).map(([path, text]) => ({ path, text })));
  const refused = reading.diagnostics.filter(({ level }) => level === 'Error');
  if (refused.length > 0) throw new Error(JSON.stringify(refused, null, 1));
  const resources = new Map<string, StoredResource>();
  for (const [key, { resource, origin }] of reading.resources) {
    resources.set(key, { content: encodeContent(resource), origin });
  }
  const state = { epoch: '01', revision: 1, stateHash: '', resources };
  return { kind: 'reset', state, stale: false };
}

/** The YAML files of a folder, by name. */
export function yamlFiles(dir: string): Record<string, string> {
  const names = readdirSync(dir).filter((name) => name.endsWith('.yaml'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dir, name), 'utf8')]));
}

import { stringify } from 'yaml';
import { customResourceDefinitions } from '#config';
import { PERMISSIONS, serviceAccount } from './permissions.js';

/** Parts of an installation, each a list of manifests. */
const COMPONENTS: ReadonlyMap<string, () => readonly object[]> = new Map([
  ['base', customResourceDefinitions],
  ...Object.entries(PERMISSIONS).map(
    ([service, permissions]) => [service, () => serviceAccount(service, permissions)] as const,
  ),
]);

/** The manifests of these components as one YAML text. @throws with the names that there are */
export function generateManifests(components: readonly string[]): string {
  const manifests = components.flatMap((name) => {
    const component = COMPONENTS.get(name);
    if (!component) throw new Error(`no component ${name}: there are ${[...COMPONENTS.keys()].join(', ')}`);
    return component();
  });
  return manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false })).join('---\n');
}

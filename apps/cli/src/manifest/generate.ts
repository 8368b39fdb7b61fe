import { stringify } from 'yaml';
import { customResourceDefinitions } from '#config';
import { gatewaySecrets, PERMISSIONS, serviceAccount } from './permissions.js';

/** Parts of an installation, each a list of manifests. */
const COMPONENTS: ReadonlyMap<string, () => readonly object[]> = new Map([
  ['base', customResourceDefinitions],
  ...Object.entries(PERMISSIONS).map(
    ([service, permissions]) => [service, () => serviceAccount(service, permissions)] as const,
  ),
]);

/**
 * The manifests of these components as one YAML text, and those that let Pilot read the Secrets of more namespaces.
 *
 * @throws with the names that there are
 */
export function generateManifests(
  components: readonly string[],
  secretNamespaces: readonly string[] = [],
): string {
  const manifests = components.flatMap((name) => {
    const component = COMPONENTS.get(name);
    if (!component) throw new Error(`no component ${name}: there are ${[...COMPONENTS.keys()].join(', ')}`);
    return component();
  });
  return [...manifests, ...gatewaySecrets(secretNamespaces)]
    .map((manifest) => stringify(manifest, { aliasDuplicateObjects: false }))
    .join('---\n');
}

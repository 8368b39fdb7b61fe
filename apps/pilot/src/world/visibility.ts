import type { Viewer } from './view.js';

/**
 * Whether config of namespace `owner` may be seen from a namespace.
 *
 * @param exportTo `*` everybody, `.` its own namespace, `~` nobody, else names of namespaces; empty: the default
 */
export function isVisible(
  owner: string,
  exportTo: readonly string[] | undefined,
  byDefault: readonly string[],
  viewer: Viewer,
): boolean {
  const scopes = exportTo?.length ? exportTo : byDefault;
  if (scopes.includes('*')) return true;
  return scopes.some((scope) => scope === viewer.namespace || (scope === '.' && owner === viewer.namespace));
}

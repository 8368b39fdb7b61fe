/**
 * Whether config of namespace `owner` may be seen from namespace `viewer`.
 *
 * @param exportTo `*` everybody, `.` its own namespace, `~` nobody, else names of namespaces; empty: the default
 */
export function isVisible(
  owner: string,
  exportTo: readonly string[] | undefined,
  byDefault: readonly string[],
  viewer: string,
): boolean {
  const scopes = exportTo?.length ? exportTo : byDefault;
  return scopes.some((scope) => scope === '*' || scope === viewer || (scope === '.' && owner === viewer));
}

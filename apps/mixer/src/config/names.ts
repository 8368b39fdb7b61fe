/**
 * The full names that a reference may mean, the likeliest first. A name of two dots is full already; a bare one means
 * the rule's own namespace; one dot may divide name and legacy kind (`quota.memquota`), or name and namespace.
 */
export function candidates(
  reference: string,
  kind: 'handler' | 'instance',
  namespace: string,
): readonly string[] {
  const parts = reference.split('.');
  const [name = '', second = ''] = parts;
  if (parts.length === 1) return [`${name}.${kind}.${namespace}`];
  if (parts.length === 2) return [`${name}.${second}.${namespace}`, `${name}.${kind}.${second}`];
  return [reference];
}

/** What a reference leads to. */
export function resolve<T>(
  reference: string,
  kind: 'handler' | 'instance',
  namespace: string,
  known: ReadonlyMap<string, T>,
): T | undefined {
  for (const name of candidates(reference, kind, namespace)) {
    const found = known.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Whether one resourceVersion is older than another: of one cluster they are numbers that grow. What is no number, or
 * is missing, is older than nothing.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function isOlder(version: string | undefined, than: string | undefined): boolean {
  if (!isNumber(version) || !isNumber(than)) return false;
  return BigInt(version) < BigInt(than);
}

function isNumber(version: string | undefined): version is string {
  return version !== undefined && /^\d{1,30}$/.test(version);
}

/** The newer of two, or the one that there is. */
export function newer(left: string | undefined, right: string | undefined): string | undefined {
  return left === undefined || isOlder(left, right) ? right : left;
}

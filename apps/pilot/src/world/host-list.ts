interface OfHost {
  readonly host: string;
}

/** An item for each host that has one, in the order of the hosts. */
export type HostList<T extends OfHost = OfHost> = readonly T[];

/** The list with the items that some hosts have now. The same list where no host is given. */
export function mended<T extends OfHost>(
  list: HostList<T>,
  hosts: ReadonlySet<string>,
  of: (host: string) => T | undefined,
): HostList<T> {
  if (hosts.size === 0) return list;
  const next = [...list];
  for (const host of hosts) {
    const at = placeOf(next, host);
    const held = next[at]?.host === host ? 1 : 0;
    const item = of(host);
    next.splice(at, held, ...(item ? [item] : []));
  }
  return next;
}

/** The items of these hosts: all where none are given. */
export function itemsOf<T extends OfHost>(list: HostList<T>, hosts?: ReadonlySet<string>): HostList<T> {
  return hosts ? [...hosts].flatMap((host) => itemOf(list, host) ?? []) : list;
}

export function itemOf<T extends OfHost>(list: HostList<T>, host: string): T | undefined {
  const item = list[placeOf(list, host)];
  return item?.host === host ? item : undefined;
}

/** Where a host stands in a list, or would stand. */
function placeOf(list: HostList, host: string): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.host < host) low = middle + 1;
    else high = middle;
  }
  return low;
}

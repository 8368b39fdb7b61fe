/** Envoy's counters and gauges by name. `filter` is a regular expression that Envoy applies to the names. */
export async function envoyStats(admin: string, filter = ''): Promise<ReadonlyMap<string, number>> {
  const query = filter === '' ? '' : `&filter=${encodeURIComponent(filter)}`;
  const answer = await fetch(`${admin}/stats?format=json${query}`);
  const { stats } = (await answer.json()) as { stats: { name?: string; value?: number }[] };
  return new Map(stats.flatMap(({ name, value }) => (name === undefined ? [] : [[name, Number(value)]])));
}

/** The sum of all counters whose name ends so. */
export function sumOf(stats: ReadonlyMap<string, number>, suffix: string): number {
  return [...stats].reduce((sum, [name, value]) => (name.endsWith(suffix) ? sum + value : sum), 0);
}

/** Where a workload runs; an empty part is not known. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

/** Reads `region/zone/subzone`. */
export function parseLocality(text: string): Locality {
  const [region = '', zone = '', subZone = ''] = text.split('/');
  return { region, zone, subZone };
}

/** Whether a locality is in `region/zone/subzone`, where a `*` or nothing stands for any from there on. */
export function isWithin({ region, zone, subZone }: Locality, pattern: string): boolean {
  const within = parseLocality(pattern);
  const takes = (wanted: string, part: string): boolean => wanted === '*' || wanted === part;
  return (
    takes(within.region, region) &&
    (within.zone === '' || takes(within.zone, zone)) &&
    (within.subZone === '' || takes(within.subZone, subZone))
  );
}

/** How far two localities are from each other: 0 the same, 1 the same zone, 2 the same region, 3 none of these. */
export function distance(a: Locality, b: Locality): number {
  if (a.region !== b.region) return 3;
  if (a.zone !== b.zone) return 2;
  return a.subZone === b.subZone ? 0 : 1;
}

/** Labels that say where something runs; a locality answers where they are missing. */
const PARTS: ReadonlyMap<string, keyof Locality> = new Map([
  ['topology.kubernetes.io/region', 'region'],
  ['topology.kubernetes.io/zone', 'zone'],
  ['topology.istio.io/subzone', 'subZone'],
]);

/** The value of a label of something; empty where there is none. Where it runs is asked for only if that matters. */
export function labelAt(
  label: string,
  labels: Readonly<Record<string, string>>,
  place: () => Locality,
): string {
  const part = PARTS.get(label);
  return labels[label] ?? (part ? place()[part] : '');
}

/** Labels by which a workload says its locality itself, with `.` or `/` between the parts. */
const LOCALITY_LABELS = ['topology.istio.io/locality', 'istio-locality'];

export function localityOfLabels(labels: Readonly<Record<string, string>>): Locality | undefined {
  const text = LOCALITY_LABELS.map((label) => labels[label]).find(Boolean);
  return text === undefined
    ? undefined
    : parseLocality(text.includes('/') ? text : text.replaceAll('.', '/'));
}

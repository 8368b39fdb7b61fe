import type { Value } from '#expressions';
import { compilePattern, IpAddress } from '#expressions';

export type EntryType = 'STRINGS' | 'CASE_INSENSITIVE_STRINGS' | 'IP_ADDRESSES' | 'REGEX';

/** Whether a value is on the list; undefined where the value is not of the kind that the list holds. */
export type List = (value: Value) => boolean | undefined;

const MAX_ENTRIES = 100_000;

/** Builds a list from its lines; a text that says what is wrong with one of them instead. */
export function buildList(type: EntryType, lines: readonly string[]): List | string {
  const entries = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (entries.length > MAX_ENTRIES) return `more than ${MAX_ENTRIES} entries`;
  switch (type) {
    case 'STRINGS':
      return stringList(new Set(entries), (text) => text);
    case 'CASE_INSENSITIVE_STRINGS':
      return stringList(new Set(entries.map((entry) => entry.toLowerCase())), (text) => text.toLowerCase());
    case 'IP_ADDRESSES':
      return addressList(entries);
    case 'REGEX':
      return patternList(entries);
  }
}

function stringList(entries: ReadonlySet<string>, normalize: (text: string) => string): List {
  return (value) => {
    const text = textOf(value);
    return text === undefined ? undefined : entries.has(normalize(text));
  };
}

/** Networks by their first bits: a lookup costs one probe per distinct prefix length, whatever the list's size. */
function addressList(entries: readonly string[]): List | string {
  const networks = new Set<string>();
  const lengths = new Map<number, Set<number>>();
  for (const entry of entries) {
    const cidr = parseCidr(entry);
    if (!cidr) return `${JSON.stringify(entry)} is neither an IP address nor a network`;
    const width = cidr.address.bytes.length;
    networks.add(prefix(cidr.address, cidr.bits));
    lengths.set(width, (lengths.get(width) ?? new Set()).add(cidr.bits));
  }
  return (value) => {
    const address = typeof value === 'string' ? IpAddress.parse(value) : value;
    if (!(address instanceof IpAddress)) return undefined;
    return [...(lengths.get(address.bytes.length) ?? [])].some((bits) => networks.has(prefix(address, bits)));
  };
}

/** Reads `10.0.0.0/8` or a bare address; the prefix in bits. */
function parseCidr(text: string): { readonly address: IpAddress; readonly bits: number } | undefined {
  const [base = '', suffix] = text.split('/');
  const address = IpAddress.parse(base);
  const width = (address?.bytes.length ?? 0) * 8;
  const bits = suffix === undefined ? width : Number(suffix);
  if (!address || !/^\d{1,3}$/.test(suffix ?? '0') || bits > width) return undefined;
  return { address, bits };
}

function prefix(address: IpAddress, bits: number): string {
  const bytes = address.bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept));
  });
  return `${bytes.join('.')}/${bits}`;
}

function patternList(entries: readonly string[]): List | string {
  const patterns = entries.map(compilePattern);
  const broken = patterns.find((pattern) => typeof pattern === 'string');
  if (typeof broken === 'string') return broken;
  return (value) => {
    const text = textOf(value);
    return text === undefined
      ? undefined
      : patterns.some((matches) => typeof matches !== 'string' && matches(text));
  };
}

function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof IpAddress ? value.text : undefined;
}

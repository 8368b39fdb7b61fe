import { X509Certificate } from 'node:crypto';
import type { ConfigDump, JsonRecord } from './dump.js';
import { at, record, records, sections, text } from './dump.js';
import type { Filter, Listing } from './listing.js';

const HEADER = ['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'];

/** The certificates that Envoy holds and those it waits for. Keys never show: Envoy itself withholds them. */
export function secrets(dump: ConfigDump, { name }: Filter, now: number): Listing {
  const found = sections(dump, 'SecretsConfigDump').flatMap((section) => [
    ...records(section['dynamic_active_secrets']).map((entry) => ({ entry, status: 'ACTIVE' })),
    ...records(section['dynamic_warming_secrets']).map((entry) => ({ entry, status: 'WARMING' })),
  ]);
  const kept = found.filter(({ entry }) => name === undefined || text(entry['name']) === name);
  return {
    header: HEADER,
    rows: kept.map(({ entry, status }) => row(entry, status, now)),
    items: kept.map(({ entry }) => entry),
  };
}

function row(entry: JsonRecord, status: string, now: number): string[] {
  const secret = record(entry['secret']);
  const chain = text(at(secret, 'tls_certificate', 'certificate_chain', 'inline_bytes'));
  const roots = text(at(secret, 'validation_context', 'trusted_ca', 'inline_bytes'));
  const type = chain ? 'Cert Chain' : roots ? 'CA' : '-';
  return [text(entry['name']), type, status, ...validity(chain || roots, now)];
}

/** Of the first certificate of a PEM bundle in base64. */
function validity(bundle: string, now: number): string[] {
  const pem = Buffer.from(bundle, 'base64').toString();
  if (!pem.includes('BEGIN CERTIFICATE')) return ['-', '-', '-', '-'];
  const { validFrom, validTo, serialNumber } = new X509Certificate(pem);
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  const valid = from.getTime() <= now && now < to.getTime();
  return [String(valid), serialNumber.toLowerCase(), to.toISOString(), from.toISOString()];
}

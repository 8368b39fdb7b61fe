import { formatPath } from './problem.js';
import type { Path } from './problem.js';

/** A secret that a resource names, and where. */
export interface NamedCredential {
  /** `spec.servers[0].tls.credentialName` */
  readonly path: string;
  readonly name: string;
}

const FIELDS = new Set(['credentialName', 'credentialNames', 'caCertCredentialName']);

/** The secrets that the spec of a Gateway or a DestinationRule names, wherever it has TLS. */
export function credentialsIn(spec: unknown): NamedCredential[] {
  return [...walk(spec, ['spec'], false)].map(({ path, name }) => ({ path: formatPath(path), name }));
}

function* walk(value: unknown, path: Path, named: boolean): Generator<{ path: Path; name: string }> {
  if (typeof value === 'string' && named) yield { path, name: value };
  if (typeof value !== 'object' || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, inner] of Object.entries(value))
    yield* walk(inner, [...path, isList ? Number(key) : key], isList ? named : FIELDS.has(key));
}

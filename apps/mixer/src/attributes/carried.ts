import type { Attributes } from './bag.js';

/**
 * The attributes that Pilot knows when it writes a proxy's config. They travel with every request as strings: in
 * ext_authz's context_extensions, in the access log's custom_tags.
 */
const CARRIED: ReadonlySet<string> = new Set([
  'context.reporter.kind',
  'context.reporter.uid',
  'context.proxy_version',
  'destination.service.host',
  'destination.service.name',
  'destination.service.namespace',
  'destination.service.uid',
  'destination.uid',
  'destination.namespace',
  'source.uid',
  'source.namespace',
]);

/** Sets what was carried; anything else under such a map (a user's own tags) is left alone. */
export function setCarried(
  bag: Attributes,
  carried: Readonly<Record<string, string>> | null | undefined,
): void {
  for (const name in carried) {
    const value = carried[name];
    if (value !== undefined && value !== '' && CARRIED.has(name)) bag.set(name, value);
  }
}

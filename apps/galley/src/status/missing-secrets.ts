import type { ConfigState } from '#common/config-log';
import { credentialsIn, decodeContent, diagnostic } from '#config';
import type { Diagnostic } from '#config';
import type { MissingSecret } from './rollout.js';

const NOWHERE = { file: '', line: 0 };

/** What the authors of config should know whose secrets proxies ask for in vain, as long as it stands in the log. */
export function missingSecretDiagnostics(
  missing: Iterable<MissingSecret>,
  resources: ConfigState['resources'],
): Diagnostic[] {
  return [...missing].flatMap(({ config, secret, reason }) => {
    const held = resources.get(config);
    const named = held && credentialsIn(decodeContent(config, held.content).spec);
    const place = named?.find(({ name }) => name === secret);
    if (!held || !place) return [];
    const words = `a proxy asks for secret "${secret}" in vain: ${reason}`;
    return [
      diagnostic('reference', words, {
        origin: held.origin ?? NOWHERE,
        path: place.path,
        resource: config,
      }),
    ];
  });
}

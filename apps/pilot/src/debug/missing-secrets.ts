import { credentialsIn, splitKey, type ResourceKey } from '#config';
import { CA_SUFFIX, pilotSecret } from '../generate/common/tls.js';
import { TYPE, type World } from '../model/contract.js';
import type { ProxyConnection } from '../push/proxy-connection.js';
import { pickedFor } from './asked-secrets.js';

/** Config that names a secret which a proxy asks for in vain. */
export interface MissingSecret {
  readonly config: ResourceKey;
  /** As the config names it. */
  readonly secret: string;
  readonly reason: string;
}

const KINDS = new Set(['Gateway', 'DestinationRule']);
/** An answer is one message of the bus. */
const MAX_MISSING = 200;

/** Each at most once, however many proxies ask. What nobody can say yet is not missing. */
export function missingSecrets(
  connections: Iterable<ProxyConnection>,
  world: World | undefined,
): MissingSecret[] {
  const found = new Map<string, MissingSecret>();
  if (!world) return [];
  for (const connection of connections) {
    for (const [resource, picked] of pickedFor(connection, world)) {
      if (picked.answer !== 'absent' && picked.answer !== 'refused') continue;
      for (const { config, secret } of naming(connection, world, resource))
        found.set(`${config} ${secret} ${picked.reason}`, { config, secret, reason: picked.reason });
      if (found.size >= MAX_MISSING) return [...found.values()].slice(0, MAX_MISSING);
    }
  }
  return [...found.values()];
}

/** The config behind a proxy's listeners and clusters that names this secret. */
function naming(
  { subscriptions }: ProxyConnection,
  world: World,
  resource: string,
): Pick<MissingSecret, 'config' | 'secret'>[] {
  const held = [TYPE.listener, TYPE.cluster].flatMap((type) => [...(subscriptions.get(type)?.held ?? [])]);
  const configs = new Set(held.flatMap(([, { sources = [] }]) => sources));
  return [...configs].flatMap((config) => {
    if (!KINDS.has(splitKey(config).kind)) return [];
    const named = credentialsIn(world.inForce(config)?.spec).find(({ name }) => isFor(resource, name));
    return named ? [{ config, secret: named.name }] : [];
  });
}

function isFor(resource: string, credential: string): boolean {
  return [credential, `${credential}${CA_SUFFIX}`].some((name) => pilotSecret(name).name === resource);
}

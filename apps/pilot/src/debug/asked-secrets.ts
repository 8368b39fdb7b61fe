import { pickSecret, type PickedSecret } from '../generate/sds/pick-secret.js';
import { TYPE, type World } from '../model/contract.js';
import type { ProxyConnection } from '../push/proxy-connection.js';

/** What comes of the secrets that a proxy asked for, by their names. */
export function pickedFor(
  { proxy, subscriptions }: ProxyConnection,
  world: World | undefined,
): [name: string, picked: PickedSecret][] {
  const names = subscriptions.get(TYPE.secret)?.names;
  if (!world || !names) return [];
  const view = world.view(() => undefined);
  return [...names].map((name) => [name, pickSecret(view, proxy, name)]);
}

/** A secret that a proxy asked for, and what came of it. */
export interface AskedSecret {
  readonly proxy: string;
  readonly name: string;
  /** `given`; `refused`, `absent` or `unknown` with the reason. */
  readonly answer: string;
}

export function askedBy(connection: ProxyConnection, world: World | undefined): AskedSecret[] {
  return pickedFor(connection, world).map(([name, picked]) => {
    const reason = picked.answer === 'given' ? '' : `: ${picked.reason}`;
    return { proxy: connection.proxy.id, name, answer: `${picked.answer}${reason}` };
  });
}

import { pickSecret } from '../generate/sds/pick-secret.js';
import { TYPE, type World } from '../model/contract.js';
import type { ProxyConnection } from '../push/proxy-connection.js';

/** A secret that a proxy asked for, and what came of it. */
export interface AskedSecret {
  readonly proxy: string;
  readonly name: string;
  /** `given`; `refused`, `absent` or `unknown` with the reason. */
  readonly answer: string;
}

export function askedBy({ proxy, subscriptions }: ProxyConnection, world: World | undefined): AskedSecret[] {
  const view = world?.view(() => undefined);
  if (!view) return [];
  return [...(subscriptions.get(TYPE.secret)?.names ?? [])].map((name) => {
    const picked = pickSecret(view, proxy, name);
    const reason = picked.answer === 'given' ? '' : `: ${picked.reason}`;
    return { proxy: proxy.id, name, answer: `${picked.answer}${reason}` };
  });
}

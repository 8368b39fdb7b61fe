import { expect } from '@jest/globals';
import type { EnforcementRow, Place } from '#config';
import { ENFORCEMENT } from '#config';
import type { HttpCall } from '../support/calls.js';
import type { ProxyPlace, Trio, TrioPorts } from './trio.js';
import { actedAt } from './trio.js';

/** How a row of docs/enforcement.md is proven: by config, calls, and a look at the proxies afterwards. */
export interface Proof {
  /** `VirtualService http-timeout`. */
  readonly row: string;
  /** @param host the host of this proof alone, under which all calls are made */
  readonly config: (host: string, ports: TrioPorts) => string;
  readonly calls: readonly Request[];
  /** The host that is called, where it is not that of the config. */
  readonly host?: string;
  /** The port that is called, where it is not the usual one. */
  readonly port?: (ports: TrioPorts) => number;
  /** Who makes the calls: by default the caller and the gateway, each once. */
  readonly by?: readonly ProxyPlace[];
  /**
   * A regular expression for the names of statistics that count only where the rule is enforced; `HOST` stands for the
   * host, `EXTRA` for the extra port.
   */
  readonly witness: string;
  /** What else has to hold, told from the answers by way of each proxy. */
  readonly check?: (trio: Trio, host: string) => Promise<void>;
}

export type Request = Omit<HttpCall, 'port' | 'address' | 'authority'>;

export const nameOf = ({ kind, id }: EnforcementRow): string => `${kind} ${id}`;

export function hostOf({ row }: Proof): string {
  return `${row.toLowerCase().replaceAll(' ', '-')}.test`;
}

/** @throws where no row has this name */
export function rowOf(name: string): EnforcementRow {
  const row = ENFORCEMENT.find((each) => nameOf(each) === name);
  if (!row) throw new Error(`no row is called '${name}'`);
  return row;
}

/** Makes the calls, and looks at all three proxies for who acted. */
export async function prove(trio: Trio, proof: Proof): Promise<void> {
  const row = rowOf(proof.row);
  const authority = proof.host ?? hostOf(proof);
  await trio.reset();
  const calls = (proof.by ?? (['caller', 'gateway'] as const)).flatMap((by) =>
    proof.calls.map((call) => trio.call(by, { ...call, authority }, proof.port?.(trio.ports))),
  );
  // Whether a call is answered is not the question here: a refusal may be what enforces the rule.
  await Promise.allSettled(calls);
  const witness = proof.witness.replaceAll('HOST', authority).replaceAll('EXTRA', String(trio.ports.extra));
  const expected = proxiesOf(row);
  expect(await actedAt(trio, witness, expected)).toEqual(expected);
  await proof.check?.(trio, authority);
}

/** The proxies among who enforces a row, of a resource that is bound to callers and gateways alike. */
export function proxiesOf({ by }: EnforcementRow): Place[] {
  const places = by.flatMap((each): Place[] => {
    if (each === 'sender' || each === 'bound') return ['caller', 'gateway'];
    if (each === 'caller' || each === 'callee' || each === 'gateway') return [each];
    return [];
  });
  return [...new Set(places)].sort();
}

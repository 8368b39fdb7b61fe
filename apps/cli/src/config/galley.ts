import type { NatsConnection } from '@nats-io/transport-node';
import { requestOne } from '#common/nats';
import { MESH_TYPES, shortNamesOf } from '#config';
import type { Diagnostic } from '#config';

/** What Galley says of a resource as one source has it. */
export interface ConfigEntry {
  readonly key: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly source: string;
  readonly outcome: 'accepted' | 'invalid' | 'overridden' | 'unread';
  readonly inForce: boolean;
  readonly reason?: string;
  readonly revision: number;
}

export interface ConfigDescription extends ConfigEntry {
  readonly messages: readonly Diagnostic[];
  readonly spec?: unknown;
}

interface ConfigPage {
  readonly items: readonly ConfigEntry[];
  readonly next?: string;
}

export interface ConfigQuery {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

const ANSWER_LIMIT_MS = 5_000;

/** All resources that are asked for, page by page. */
export async function listConfig(connection: NatsConnection, query: ConfigQuery): Promise<ConfigEntry[]> {
  const entries: ConfigEntry[] = [];
  let after: string | undefined;
  do {
    const page: ConfigPage = await requestOne(
      connection,
      'galley.config.list',
      { ...query, after },
      { timeoutMs: ANSWER_LIMIT_MS },
    );
    entries.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return entries;
}

/** As each source has it. */
export async function describeKey(connection: NatsConnection, key: string): Promise<ConfigDescription[]> {
  return requestOne(connection, 'galley.config.describe', { key }, { timeoutMs: ANSWER_LIMIT_MS });
}

/** The kind that is meant by its name, its plural or its short name, as kubectl takes them. */
export function kindNamed(text: string): string {
  const [wanted = ''] = text.toLowerCase().split('.');
  const found = MESH_TYPES.find(
    ({ kind, plural }) =>
      [kind.toLowerCase(), plural].includes(wanted) || shortNamesOf(kind).includes(wanted),
  );
  return found?.kind ?? text;
}

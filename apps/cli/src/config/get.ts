import { requestAll } from '#common/nats';
import { withBus } from '../bus-client.js';
import { columns } from '../table.js';
import { kindNamed, listConfig } from './galley.js';
import type { ConfigEntry, ConfigQuery } from './galley.js';

export interface GetOptions extends ConfigQuery {
  readonly state: string;
  readonly json: boolean;
}

/** What a Pilot says of all its proxies. */
interface ProxiesSummary {
  readonly proxies: number;
  readonly held: readonly (readonly [revision: number, proxies: number])[];
  readonly refused: readonly { readonly config: string; readonly message: string }[];
}

interface Row extends ConfigEntry {
  /** Connected proxies that hold the revision that made the resource what it is; absent where no Pilot answered. */
  readonly holding?: number;
  readonly proxies?: number;
  /** Envoy's words. */
  readonly refused?: string;
}

const COLLECT_MS = 1_000;

/** Prints resources; exit code 1 where there is none, or one is not accepted or refused by Envoy. */
export async function getConfig({ kind, namespace, name, state, json }: GetOptions): Promise<number> {
  const rows = await withBus(state, async (connection) => {
    const query = { kind: kind === undefined ? undefined : kindNamed(kind), namespace, name };
    const [entries, summaries] = await Promise.all([
      listConfig(connection, query),
      requestAll<ProxiesSummary>(connection, 'pilot.proxies.summary', {}, { timeoutMs: COLLECT_MS }),
    ]);
    return entries.map((entry) => withProxies(entry, summaries));
  });
  if (rows.length === 0) process.stderr.write('quartet config get: there is no such resource\n');
  process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : formatRows(rows));
  const isWell = (row: Row): boolean => row.outcome !== 'invalid' && row.refused === undefined;
  return rows.length > 0 && rows.every(isWell) ? 0 : 1;
}

function withProxies(entry: ConfigEntry, summaries: readonly ProxiesSummary[]): Row {
  if (!entry.inForce || summaries.length === 0) return entry;
  const held = summaries.flatMap((summary) => summary.held);
  const holding = held.reduce(
    (sum, [revision, count]) => (revision >= entry.revision ? sum + count : sum),
    0,
  );
  const proxies = summaries.reduce((sum, summary) => sum + summary.proxies, 0);
  const refusal = summaries.flatMap(({ refused }) => refused).find(({ config }) => config === entry.key);
  return { ...entry, holding, proxies, ...(refusal && { refused: refusal.message }) };
}

export function formatRows(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const head = ['KIND', 'NAMESPACE', 'NAME', 'ACCEPTED', 'IN FORCE', 'PROXIES', 'REVISION', 'SOURCE'];
  const cells = rows.map((row) => [
    ...[row.kind, row.namespace, row.name, acceptedWord(row), row.inForce ? inForceWord(row) : 'no'],
    row.holding === undefined ? '-' : `${row.holding}/${row.proxies}`,
    row.inForce ? String(row.revision) : '-',
    row.source,
  ]);
  const reasons = rows.flatMap(({ kind, namespace, name, reason, refused }) => [
    ...(reason === undefined ? [] : [`${kind} ${namespace}/${name}: ${reason}`]),
    ...(refused === undefined ? [] : [`${kind} ${namespace}/${name}: Envoy: ${refused}`]),
  ]);
  return `${[...columns([head, ...cells]), ...reasons].join('\n')}\n`;
}

function acceptedWord({ outcome }: ConfigEntry): string {
  if (outcome === 'unread') return 'not read yet';
  return outcome === 'accepted' ? 'yes' : outcome;
}

function inForceWord({ outcome }: ConfigEntry): string {
  return outcome === 'accepted' ? 'yes' : 'last good';
}

import { columns } from '../table.js';

/** What one Pilot answers to `pilot.revision.trace`. Times are milliseconds since the Unix epoch. */
export interface TracedChange {
  readonly pilot: string;
  readonly revision: number;
  readonly proxies: number;
  readonly holding: number;
  readonly trace?: ChangeTrace;
  readonly known: readonly number[];
}

interface ChangeTrace {
  readonly committedAt?: number;
  readonly receivedAt: number;
  readonly generatedAt?: number;
  readonly concerned: readonly {
    readonly proxy: string;
    readonly sentAt?: number;
    readonly ackedAt?: number;
  }[];
  readonly more: number;
}

/** The steps of a change at each Pilot, then at each proxy that it concerned, in milliseconds since the commit. */
export function traceReport(answers: readonly TracedChange[]): string {
  const sorted = [...answers].sort((a, b) => a.pilot.localeCompare(b.pilot));
  const [first] = sorted;
  const committed = sorted.find(({ trace }) => trace?.committedAt !== undefined)?.trace?.committedAt;
  const head = `revision ${first?.revision}${committed === undefined ? '' : `, committed ${new Date(committed).toISOString()}`}`;
  const pilots = columns([
    ['PILOT', 'HELD BY', 'INGESTED', 'GENERATED', 'FIRST SENT', 'LAST ACK'],
    ...sorted.map(pilotRow),
  ]);
  const proxies = sorted.flatMap(proxyRows);
  const table = proxies.length > 0 ? ['', ...columns([['PROXY', 'PILOT', 'SENT', 'ACK'], ...proxies])] : [];
  return `${[head, ...pilots, ...table, ...sorted.flatMap(remarks)].join('\n')}\n`;
}

function pilotRow({ pilot, proxies, holding, trace }: TracedChange): string[] {
  const held = `${holding}/${proxies}`;
  if (!trace) return [pilot, held, '-', '-', '-', '-'];
  const sent = trace.concerned.flatMap(({ sentAt }) => sentAt ?? []);
  const acked = trace.concerned.flatMap(({ ackedAt }) => ackedAt ?? []);
  const isAcked = sent.length > 0 && acked.length === trace.concerned.length;
  const last = isAcked ? Math.max(...acked) : undefined;
  const first = sent.length > 0 ? Math.min(...sent) : undefined;
  return [pilot, held, ...[trace.receivedAt, trace.generatedAt, first, last].map((at) => since(trace, at))];
}

function proxyRows({ pilot, trace }: TracedChange): string[][] {
  const rows = trace?.concerned.map(({ proxy, sentAt, ackedAt }) => {
    return [proxy.split('~')[2] ?? proxy, pilot, since(trace, sentAt), since(trace, ackedAt)];
  });
  return rows ?? [];
}

function since({ committedAt, receivedAt }: ChangeTrace, at: number | undefined): string {
  return at === undefined ? '-' : `${(at - (committedAt ?? receivedAt)).toFixed(0)} ms`;
}

function remarks({ pilot, revision, trace, known }: TracedChange): string[] {
  if (trace) return trace.more > 0 ? [`${pilot}: and ${trace.more} more proxies`] : [];
  const range = known.length > 0 ? `${Math.min(...known)} to ${Math.max(...known)}` : 'none';
  return [`${pilot} does not remember revision ${revision}; it does: ${range}`];
}

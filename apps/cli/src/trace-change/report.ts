import { splitKey, type Origin, type ResourceKey } from '#config';
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
  readonly changed?: readonly {
    readonly key: ResourceKey;
    readonly op: string;
    readonly origin?: Origin;
  }[];
  readonly moreChanged?: number;
  readonly heardAt?: number;
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

/**
 * What a change is made of, its steps at each Pilot, then at each proxy that it concerned, in milliseconds since Galley
 * heard of it; since the commit, where that is not known.
 */
export function traceReport(answers: readonly TracedChange[]): string {
  const sorted = [...answers].sort((a, b) => a.pilot.localeCompare(b.pilot));
  const [first] = sorted;
  const dated = sorted.find(({ trace }) => trace?.committedAt !== undefined)?.trace;
  const head = [
    `revision ${first?.revision}${dated ? beginning(dated) : ''}`,
    ...(dated ? changes(dated) : []),
  ];
  const pilots = columns([
    ['PILOT', 'HELD BY', 'INGESTED', 'GENERATED', 'FIRST SENT', 'LAST ACK'],
    ...sorted.map(pilotRow),
  ]);
  const proxies = sorted.flatMap(proxyRows);
  const table = proxies.length > 0 ? ['', ...columns([['PROXY', 'PILOT', 'SENT', 'ACK'], ...proxies])] : [];
  return `${[...head, ...pilots, ...table, ...sorted.flatMap(remarks)].join('\n')}\n`;
}

function beginning(trace: ChangeTrace): string {
  const { heardAt, committedAt = NaN } = trace;
  const committed = `committed ${new Date(committedAt).toISOString()}`;
  return heardAt === undefined
    ? `, ${committed}`
    : `, heard of ${new Date(heardAt).toISOString()}, committed after ${since(trace, committedAt)}`;
}

function changes({ changed = [], moreChanged = 0 }: ChangeTrace): string[] {
  const rows = changed.map(({ key, op, origin }) => {
    const { kind, namespace, name } = splitKey(key);
    return [
      `  ${op === 'origin' ? 'moved' : op}`,
      `${kind} ${namespace}/${name}`,
      origin ? placeOf(origin) : '',
    ];
  });
  return [...columns(rows), ...(moreChanged > 0 ? [`  and ${moreChanged} more`] : [])];
}

function placeOf({ file, line }: Origin): string {
  return line > 0 ? `${file}:${line}` : file;
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

function since({ heardAt, committedAt, receivedAt }: ChangeTrace, at: number | undefined): string {
  return at === undefined ? '-' : `${(at - (heardAt ?? committedAt ?? receivedAt)).toFixed(0)} ms`;
}

function remarks({ pilot, revision, trace, known }: TracedChange): string[] {
  if (trace) return trace.more > 0 ? [`${pilot}: and ${trace.more} more proxies`] : [];
  const range = known.length > 0 ? `${Math.min(...known)} to ${Math.max(...known)}` : 'none';
  return [`${pilot} does not remember revision ${revision}; it does: ${range}`];
}

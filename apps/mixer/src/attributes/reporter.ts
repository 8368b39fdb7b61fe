import type { envoy, google } from '#common/proto/edge';
import type { StaticAttributes } from './bag.js';
import { Workload, workloadUid } from './workload.js';
import type { WorkloadFacts } from './workload.js';

type Struct = google.protobuf.Struct.$Properties;

/** Which side of a request a proxy stands on: `outbound` is the caller's. */
export type Direction = 'inbound' | 'outbound';

/** What a proxy says about itself, once, at the start of its access log stream; the rest of its node is not kept. */
export interface Reporter {
  readonly direction: Direction;
  readonly workload: Workload;
  /** context.reporter.*, and the proxy's own side of every request. */
  readonly attributes: StaticAttributes;
}

/** A caller's identity as its certificate proves it. */
export interface ProvenIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Labels of a node that are kept. A pod has a dozen. */
const MAX_LABELS = 64;
const MAX_TEXT = 1024;

/**
 * Reads the first message's identifier. Of a proxy that proved its identity, only a node of that identity is believed:
 * a workload cannot report in another's name. Undefined where node and certificate disagree.
 */
export function readReporter(
  identifier: envoy.service.accesslog.v3.StreamAccessLogsMessage.Identifier.$Properties,
  proven: ProvenIdentity | undefined,
): Reporter | undefined {
  const facts = nodeFacts(identifier.node?.metadata);
  if (proven && (facts.namespace ?? proven.namespace) !== proven.namespace) return undefined;
  if (proven && (facts.serviceAccount ?? proven.serviceAccount) !== proven.serviceAccount) return undefined;
  const workload = new Workload({ ...facts, ...proven });
  const direction: Direction = identifier.logName === 'outbound' ? 'outbound' : 'inbound';
  return { direction, workload, attributes: reporterAttributes(direction, workload) };
}

function reporterAttributes(direction: Direction, workload: Workload): StaticAttributes {
  const { name, namespace } = workload.facts;
  const uid = name && namespace ? [['context.reporter.uid', workloadUid(name, namespace)] as const] : [];
  const own = direction === 'outbound' ? workload.source : workload.destination;
  return [['context.reporter.kind', direction], ...uid, ...own];
}

function nodeFacts(metadata: Struct | null | undefined): WorkloadFacts {
  const text = (field: string) => metadata?.fields?.[field]?.stringValue?.slice(0, MAX_TEXT) ?? undefined;
  const [name, namespace, serviceAccount] = [text('NAME'), text('NAMESPACE'), text('SERVICE_ACCOUNT')];
  const [workloadName, owner, ip] = [
    text('WORKLOAD_NAME'),
    text('OWNER'),
    text('INSTANCE_IPS')?.split(',')[0],
  ];
  const present = { name, namespace, serviceAccount, workloadName, owner, ip };
  const known = Object.entries(present).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(known), labels: nodeLabels(metadata) };
}

function nodeLabels(metadata: Struct | null | undefined): ReadonlyMap<string, string> {
  const fields = Object.entries(metadata?.fields?.['LABELS']?.structValue?.fields ?? {}).slice(0, MAX_LABELS);
  return new Map(fields.map(([key, value]) => [key, String(value.stringValue ?? '').slice(0, MAX_TEXT)]));
}

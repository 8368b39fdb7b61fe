import type { Timestamp, Value } from '#expressions';
import type { Dimensions } from './dimensions.js';

/** Every instance carries the full name, `NAME.instance.NAMESPACE`, of the resource it was made by. */
interface Named {
  readonly name: string;
}

/** Says only that a rule matched. */
export interface CheckNothingInstance extends Named {
  readonly template: 'checknothing';
}

export interface ListEntryInstance extends Named {
  readonly template: 'listentry';
  /** A STRING or an IP_ADDRESS; anything else is the adapter's to refuse. */
  readonly value: Value;
}

export interface QuotaInstance extends Named {
  readonly template: 'quota';
  readonly dimensions: Dimensions;
}

export interface MetricInstance extends Named {
  readonly template: 'metric';
  readonly value: Value;
  readonly dimensions: Dimensions;
}

export interface LogEntryInstance extends Named {
  readonly template: 'logentry';
  readonly variables: Dimensions;
  readonly timestamp?: Timestamp;
  readonly severity: string;
}

export interface ReportNothingInstance extends Named {
  readonly template: 'reportnothing';
}

/** What identifies the two sides of a request; empty where unknown. */
export interface KubernetesInstance extends Named {
  readonly template: 'kubernetes';
  readonly sourceUid: string;
  readonly sourceIp: string;
  readonly destinationUid: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
}

export type CheckInstance = CheckNothingInstance | ListEntryInstance;
export type ReportInstance = MetricInstance | LogEntryInstance | ReportNothingInstance;
export type Instance = CheckInstance | ReportInstance | QuotaInstance | KubernetesInstance;

/** When Mixer asks for an instance: the half of an adapter that it is made for. */
export type Variety = 'CHECK' | 'REPORT' | 'QUOTA' | 'ATTRIBUTE_GENERATOR';

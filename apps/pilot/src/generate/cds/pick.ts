import type { Inputs } from '../../model/contract.js';
import type { InboundPick } from './inbound.js';
import type { MixerPick } from './mixer.js';
import type { OutboundPick } from './outbound.js';
import type { SpecialPick } from './special.js';
import type { TelemetryPick } from './telemetry.js';

/** What a cluster is made of, by the sort of cluster. */
export type ClusterPick = OutboundPick | InboundPick | MixerPick | SpecialPick | TelemetryPick;
export type ClusterInputs = ClusterPick & Inputs;

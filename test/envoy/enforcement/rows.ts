import { DESTINATION_RULE_PROOFS } from './destination-rule.js';
import { L4_ROWS } from './l4.js';
import { ACCESS_LOG, MESH_PROOFS } from './mesh-wide.js';
import { MODE_PROOFS } from './modes.js';
import { RECEIVING_PROOFS } from './receiving.js';
import { SERVICE_ENTRY_PROOFS } from './service-entry.js';
import { VIRTUAL_SERVICE_PROOFS } from './virtual-service.js';

/** Proven by what Pilot makes for proxies of two namespaces. */
export const VISIBILITY_ROWS = [
  'VirtualService export-to',
  'DestinationRule export-to',
  'ServiceEntry export-to',
] as const;

/** Proven by what Pilot makes with a namespace and without. */
export const DISCOVERY_ROW = 'MeshConfig discovery-selectors';

/** Every row of docs/enforcement.md that a test of this folder proves. */
export const PROVEN: ReadonlySet<string> = new Set([
  ...[
    VIRTUAL_SERVICE_PROOFS,
    DESTINATION_RULE_PROOFS,
    SERVICE_ENTRY_PROOFS,
    RECEIVING_PROOFS,
    MESH_PROOFS,
  ].flatMap((proofs) => proofs.map(({ row }) => row)),
  ...MODE_PROOFS.map(({ row }) => row),
  ...VISIBILITY_ROWS,
  ...L4_ROWS,
  DISCOVERY_ROW,
  ACCESS_LOG,
]);

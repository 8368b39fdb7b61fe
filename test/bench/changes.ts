import type { Operation } from '#common/config-log';
import { TYPE } from './types.js';
import { hostOf, put, serviceEntry, virtualService } from './mesh.js';

/** One sort of change, and how a proxy can be seen to have it. */
export interface Change {
  readonly name: string;
  /** Comes before the first round. */
  readonly prepare?: readonly Operation[];
  /** The change of one round, `rounds` counted from 1; `services` are those of the mesh. */
  edit(round: number, services: number): Edit;
}

export interface Edit {
  readonly operations: readonly Operation[];
  /** A proxy has the change when a response of this type holds this text. */
  readonly typeUrl: string;
  readonly mark: string;
  /** Whom it reaches; all where none is named. */
  readonly namespace?: string;
  /** Takes it back before the next round, where rounds would add up. */
  readonly undo?: readonly Operation[];
}

/** In this order: the Sidecar makes the mesh smaller for a tenth of the proxies. */
export const CHANGES: readonly Change[] = [
  {
    name: 'VirtualService',
    edit: (round) => ({
      operations: [virtualService(0, `mark-${round}.`)],
      typeUrl: TYPE.virtualHost,
      mark: `mark-${round}.`,
    }),
  },
  {
    name: 'DestinationRule',
    edit: (round) => {
      const sni = `sni-${round}.`;
      const spec = { host: hostOf(1), trafficPolicy: { tls: { mode: 'SIMPLE', sni } } };
      return { operations: [put('DestinationRule', 1, spec)], typeUrl: TYPE.cluster, mark: sni };
    },
  },
  {
    name: 'endpoint',
    edit: (round) => {
      const address = `10.99.${1 + (round >> 8)}.${round & 255}`;
      return { operations: [serviceEntry(0, address)], typeUrl: TYPE.endpoint, mark: address };
    },
  },
  {
    name: 'service added',
    edit: (round, services) => {
      const added = serviceEntry(services + round);
      const undo: Operation = { op: 'delete', key: added.key };
      const mark = `${hostOf(services + round)}:80`;
      return { operations: [added], typeUrl: TYPE.virtualHost, mark, undo: [undo] };
    },
  },
  {
    name: 'Sidecar',
    // Until there is one, its namespace has every service already.
    prepare: [sidecarImporting()],
    edit: (round, services) => {
      const imported = hostOf(((round * 10) % services) + 1);
      return {
        operations: [sidecarImporting(`*/${imported}`)],
        typeUrl: TYPE.virtualHost,
        mark: `/${imported}:80`,
        namespace: 'ns-0',
      };
    },
  },
];

function sidecarImporting(...hosts: string[]): Operation {
  return put('Sidecar', 0, { egress: [{ hosts: ['./*', ...hosts] }] }, 'default');
}

export function changesNamed(names: readonly string[]): readonly Change[] {
  return names.map((name) => {
    const found = CHANGES.find((change) => change.name === name);
    if (!found)
      throw new Error(`no change is called '${name}': ${CHANGES.map((each) => each.name).join(', ')}`);
    return found;
  });
}

import { formatAddress, type Address } from '#common/flags';
import type { TlsIdentity } from '#common/identity';
import { bytesOf, field, message, readFields, textOf } from '../grpc/protobuf.js';
import { callUnary } from '../grpc/unary.js';
import { provesToBe } from '../identity/peer.js';
import type { JsonObject } from './json.js';
import type { BootstrapPatch } from './merge.js';
import { pilotUri } from './node.js';

const PATCHES = '/quartet.v1.BootstrapService/Patches';
const DEADLINE_MS = 10_000;
const MAX_ANSWER_BYTES = 4 << 20;

export interface PatchesQuestion {
  readonly xds: Address;
  /** The node of the bootstrap, by which Pilot knows which EnvoyFilters concern it. */
  readonly node: JsonObject;
  readonly trustDomain: string;
  /** Absent where Pilot is spoken to without TLS. */
  readonly identity: TlsIdentity | undefined;
}

/** Asks Pilot once. Field numbers: quartet/v1/bootstrap.proto. Rejects with a GrpcError. */
export async function askForPatches(question: PatchesQuestion): Promise<BootstrapPatch[]> {
  const { xds, node, trustDomain, identity } = question;
  const tls = identity && {
    ca: identity.roots,
    cert: identity.certChain,
    key: identity.privateKey,
    verifyPeer: provesToBe(pilotUri(trustDomain)),
  };
  const answer = await callUnary({
    address: formatAddress(xds),
    path: PATCHES,
    request: message(field(1, JSON.stringify(node))),
    headers: {},
    ...(tls && { tls }),
    deadlineMs: DEADLINE_MS,
    maxMessageBytes: MAX_ANSWER_BYTES,
  });
  return [...readFields(answer)].filter(({ number }) => number === 1).map((patch) => patchOf(bytesOf(patch)));
}

function patchOf(bytes: Uint8Array): BootstrapPatch {
  const fields = new Map([...readFields(bytes)].map((each) => [each.number, each]));
  const text = (number: number): string => {
    const found = fields.get(number);
    return found ? textOf(found) : '';
  };
  return {
    value: JSON.parse(text(1) || '{}') as JsonObject,
    replacesLists: fields.get(2)?.value === 1,
    source: text(3),
  };
}

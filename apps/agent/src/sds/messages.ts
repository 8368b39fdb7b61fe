import { bytesOf, field, message, readFields, textOf, type WireField } from '../grpc/protobuf.js';

/**
 * The messages of SDS, as far as an agent reads and writes them. Field numbers: envoy/service/discovery/v3/discovery.proto
 * and envoy/extensions/transport_sockets/tls/v3/{secret,common}.proto. Envoy's node, 60 KB of extension names, is skipped.
 */
export const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** One secret, encoded; `version` is a hash of `value`. */
export interface SecretResource {
  readonly name: string;
  readonly version: string;
  readonly value: Uint8Array;
}

export interface DiscoveryRequest {
  readonly versionInfo: string;
  readonly resourceNames: readonly string[];
  readonly typeUrl: string;
  readonly responseNonce: string;
  /** The client's words where it refuses the response of that nonce. */
  readonly error: string | undefined;
}

export interface DeltaRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Names and versions that the client still has from an earlier stream. */
  readonly initialVersions: ReadonlyMap<string, string>;
  readonly typeUrl: string;
  readonly responseNonce: string;
  readonly error: string | undefined;
}

export function decodeDiscoveryRequest(bytes: Uint8Array): DiscoveryRequest {
  const fields = collect(bytes);
  return {
    versionInfo: text(fields, 1),
    resourceNames: texts(fields, 3),
    typeUrl: text(fields, 4),
    responseNonce: text(fields, 5),
    error: statusText(fields, 6),
  };
}

export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const fields = collect(bytes);
  return {
    typeUrl: text(fields, 2),
    subscribe: texts(fields, 3),
    unsubscribe: texts(fields, 4),
    initialVersions: new Map((fields.get(5) ?? []).map(mapEntry)),
    responseNonce: text(fields, 6),
    error: statusText(fields, 7),
  };
}

export function encodeDiscoveryResponse(
  version: string,
  nonce: string,
  secrets: readonly SecretResource[],
): Uint8Array {
  const resources = secrets.map(({ value }) => field(2, anySecret(value)));
  return message(field(1, version), ...resources, field(4, SECRET_TYPE), field(5, nonce));
}

export function encodeDeltaResponse(
  version: string,
  nonce: string,
  secrets: readonly SecretResource[],
  removed: readonly string[],
): Uint8Array {
  const resources = secrets.map((secret) =>
    field(2, message(field(1, secret.version), field(2, anySecret(secret.value)), field(3, secret.name))),
  );
  const removals = removed.map((name) => field(6, name));
  return message(field(1, version), ...resources, field(4, SECRET_TYPE), field(5, nonce), ...removals);
}

/** A `Secret` that holds a certificate chain and its key. */
export function encodeTlsCertificate(name: string, certChain: string, privateKey: string): Uint8Array {
  const certificate = message(field(1, dataSource(certChain)), field(2, dataSource(privateKey)));
  return message(field(1, name), field(2, certificate));
}

/** A `Secret` that holds the roots to trust. */
export function encodeValidationContext(name: string, roots: string): Uint8Array {
  return message(field(1, name), field(4, field(1, dataSource(roots))));
}

/** `DataSource.inline_bytes`. */
function dataSource(pem: string): Uint8Array {
  return field(2, pem);
}

function anySecret(value: Uint8Array): Uint8Array {
  return message(field(1, SECRET_TYPE), field(2, value));
}

type Fields = ReadonlyMap<number, readonly WireField[]>;

function collect(bytes: Uint8Array): Fields {
  const fields = new Map<number, WireField[]>();
  for (const wireField of readFields(bytes)) {
    const sameNumber = fields.get(wireField.number);
    if (sameNumber === undefined) fields.set(wireField.number, [wireField]);
    else sameNumber.push(wireField);
  }
  return fields;
}

function texts(fields: Fields, number: number): readonly string[] {
  return (fields.get(number) ?? []).map(textOf);
}

function text(fields: Fields, number: number): string {
  return texts(fields, number).at(-1) ?? '';
}

/** `google.rpc.Status`: its message, or its presence alone. */
function statusText(fields: Fields, number: number): string | undefined {
  const status = fields.get(number)?.at(-1);
  return status && (text(collect(bytesOf(status)), 2) || 'refused without a reason');
}

function mapEntry(entry: WireField): [string, string] {
  const fields = collect(bytesOf(entry));
  return [text(fields, 1), text(fields, 2)];
}

/**
 * What is used of node-forge: the parts for ASN.1 and addresses, as its entry loads all of its cryptography.
 *
 * They are required, not imported: to import CommonJS, Node starts its lexer for it, which is WebAssembly and costs an
 * agent 8 MB of memory, an eighth of all that it has.
 */
import { createRequire } from 'node:module';
import type { asn1 as Asn1 } from 'node-forge';

/** Of `fromDer`; its published types know `strict` alone. */
interface ReadOptions {
  readonly strict: boolean;
  readonly decodeBitStrings: boolean;
  readonly maxDepth: number;
}

interface Reader {
  fromDer(bytes: string, options: ReadOptions): Asn1.Asn1;
  create(tagClass: number, type: number, constructed: boolean, value: string): Asn1.Asn1;
}

const require = createRequire(import.meta.url);

export const asn1 = require('node-forge/lib/asn1.js') as Omit<typeof Asn1, keyof Reader> & Reader;

interface Addresses {
  /** Its published types have no such function. Bytes as characters; null where it is no address. */
  readonly bytesFromIP: (ip: string) => string | null;
}

export const { bytesFromIP } = require('node-forge/lib/util.js') as Addresses;

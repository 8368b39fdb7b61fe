/** The types describe the package's entry only, which loads all of its cryptography. */
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 } from 'node-forge';

  /** Of `fromDer`; its published types know `strict` alone. */
  interface ReadOptions {
    readonly strict: boolean;
    readonly decodeBitStrings: boolean;
    readonly maxDepth: number;
  }
  const api: Omit<typeof asn1, 'fromDer' | 'create'> & {
    fromDer(bytes: string, options: ReadOptions): asn1.Asn1;
    create(tagClass: number, type: number, constructed: boolean, value: string): asn1.Asn1;
  };
  export default api;
}

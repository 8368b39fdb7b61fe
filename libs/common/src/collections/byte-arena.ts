/** As Node's own pool of buffers. */
const SLAB_BYTES = 8_192;

/**
 * Keeps small byte strings that live long, close together. What stands in Node's pool stands between others that are
 * thrown away soon, and keeps the whole 8 KB alive: thousands of encoded messages would take several times their size.
 */
export class ByteArena {
  private slab: Buffer | undefined;
  private used = 0;

  /** A copy of these bytes that shares memory with nothing but others that are kept. */
  keep(bytes: Uint8Array): Buffer {
    const kept = this.allocate(bytes.length);
    kept.set(bytes);
    return kept;
  }

  /** Bytes for the caller to fill, all of them. */
  allocate(length: number): Buffer {
    if (length > SLAB_BYTES / 4) return Buffer.allocUnsafeSlow(length);
    if (!this.slab || this.used + length > SLAB_BYTES) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.used = 0;
    }
    return this.slab.subarray(this.used, (this.used += length));
  }
}

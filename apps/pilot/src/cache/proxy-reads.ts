import type { Proxy as XdsProxy } from '../model/proxy.js';

/** A set of proxy fields: bit n is the n-th field that any selector ever read. */
export type FieldMask = number;

/**
 * What a selector reads of a proxy is recorded, as its questions to the world are. A selector is deterministic: where
 * two proxies agree on every field that it read for the one, it reads the same for the other and picks the same. So
 * the result for one proxy serves all that agree on those fields.
 */
export class ProxyReads {
  private readonly bits = new Map<string, number>();
  private readonly fields: string[] = [];
  private mask: FieldMask = 0;

  /** The proxy as a selector sees it: each read sets the field's bit. */
  recording(proxy: XdsProxy): XdsProxy {
    return new Proxy(proxy, {
      get: (target, field) => {
        if (typeof field === 'string') this.mask |= 1 << this.bit(field);
        return Reflect.get(target, field) as unknown;
      },
    });
  }

  /** Runs `action` and returns the fields that it read. */
  during(action: () => void): FieldMask {
    this.mask = 0;
    action();
    return this.mask;
  }

  /** The values of the fields in `mask`: equal texts, equal values. */
  project(proxy: XdsProxy, mask: FieldMask): string {
    const read = this.fields.filter((_, bit) => (mask & (1 << bit)) !== 0);
    // Resources are equal for proxies of one class, so a read of anything that tells them apart counts as the class.
    const value = (field: string): unknown =>
      field === 'id' || field === 'clusterName'
        ? proxy.className
        : (proxy[field as keyof XdsProxy] as unknown);
    return JSON.stringify(read.map(value));
  }

  private bit(field: string): number {
    let bit = this.bits.get(field);
    if (bit === undefined) {
      bit = this.fields.push(field) - 1;
      if (bit > 30) throw new RangeError('a proxy has more fields than a mask has bits');
      this.bits.set(field, bit);
    }
    return bit;
  }
}

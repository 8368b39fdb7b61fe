/** A message that breaks the wire form. */
export class WireError extends Error {}

const HASH = /^[0-9a-f]{64}$/;

/** Typed access to the members of a JSON object that came from the network; every misfit is a {@link WireError}. */
export class Fields {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new WireError('not an object');
    this.#members = new Map(Object.entries(value));
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  text(name: string): string {
    const value = this.#members.get(name);
    if (typeof value !== 'string') throw misfit(name, 'a string');
    return value;
  }

  literal(name: string, expected: string): void {
    if (this.#members.get(name) !== expected) throw misfit(name, JSON.stringify(expected));
  }

  count(name: string): number {
    const value = this.#members.get(name);
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw misfit(name, 'a whole number');
    return value as number;
  }

  hash(name: string): string {
    const value = this.text(name);
    if (!HASH.test(value)) throw misfit(name, '64 hex digits');
    return value;
  }

  list(name: string): readonly unknown[] {
    const value = this.#members.get(name);
    if (!Array.isArray(value)) throw misfit(name, 'a list');
    return value;
  }

  object(name: string): Fields {
    return new Fields(this.#members.get(name));
  }
}

function misfit(name: string, expected: string): WireError {
  return new WireError(`member ${name} is not ${expected}`);
}

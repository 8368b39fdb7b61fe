import { createHash } from 'node:crypto';
import { MultiMap } from '#common/collections';

/** Addresses of 240.240.0.0/16, without those that end in 0 or 255, shared out among the levels. */
const LEVEL_SIZES = [32_512, 16_256, 8_128, 4_064, 4_064];
const HOSTS_PER_BYTE = 254;

/**
 * Addresses for services that have none, so that connections to them can be told apart; Istio's DNS auto allocation.
 * A host's address comes from a hash of its name, so that every replica finds the same. Where several have the same,
 * the smallest name keeps it and the others go on to the next level, which has addresses of its own: so a host that
 * comes or goes moves at most one other per level, whatever came before.
 *
 * @see https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/#address-auto-allocation
 */
export class AutoAddresses {
  /** The hosts that want a slot, by `level/index`. */
  private constructor(private readonly slots: MultiMap<true>) {}

  static readonly empty = new AutoAddresses(MultiMap.empty());

  /** @param moved takes the other hosts whose address is another one now */
  with(host: string, moved: Set<string>): AutoAddresses {
    let { slots } = this;
    let seeking = host;
    for (const level of LEVEL_SIZES.keys()) {
      const slot = slotOf(level, seeking);
      const holder = holderOf(slots, slot);
      slots = slots.set(slot, seeking, true);
      if (holder === undefined) break;
      if (holder < seeking) continue;
      moved.add(holder);
      seeking = holder;
    }
    return new AutoAddresses(slots);
  }

  without(host: string, moved: Set<string>): AutoAddresses {
    let { slots } = this;
    let leaving = host;
    for (const level of LEVEL_SIZES.keys()) {
      const slot = slotOf(level, leaving);
      const holder = holderOf(slots, slot);
      slots = slots.delete(slot, leaving);
      if (holder !== leaving) continue;
      const next = holderOf(slots, slot);
      if (next === undefined) break;
      moved.add(next);
      leaving = next;
    }
    return new AutoAddresses(slots);
  }

  /** Undefined for a host that wants none, or that found every level taken. */
  addressOf(host: string): string | undefined {
    for (const level of LEVEL_SIZES.keys()) {
      const slot = slotOf(level, host);
      if (holderOf(this.slots, slot) === host) return addressAt(slot);
    }
    return undefined;
  }

  hostAt(address: string): string | undefined {
    const slot = slotAt(address);
    return slot === undefined ? undefined : holderOf(this.slots, slot);
  }
}

function holderOf(slots: MultiMap<true>, slot: string): string | undefined {
  const [first, ...others] = [...slots.get(slot)].map(([host]) => host);
  return others.reduce((least, host) => (least !== undefined && least < host ? least : host), first);
}

function slotOf(level: number, host: string): string {
  const hash = createHash('sha256').update(`${level}/${host}`).digest().readUInt32BE();
  return `${level}/${hash % (LEVEL_SIZES[level] ?? 1)}`;
}

function addressAt(slot: string): string {
  const [level = 0, index = 0] = slot.split('/').map(Number);
  const number = LEVEL_SIZES.slice(0, level).reduce((sum, size) => sum + size, index);
  return `240.240.${Math.floor(number / HOSTS_PER_BYTE)}.${(number % HOSTS_PER_BYTE) + 1}`;
}

function slotAt(address: string): string | undefined {
  const [, third = '', fourth = ''] = /^240\.240\.(\d+)\.(\d+)$/.exec(address) ?? [];
  let index = Number(third) * HOSTS_PER_BYTE + Number(fourth) - 1;
  if (third === '' || index < 0) return undefined;
  for (const [level, size] of LEVEL_SIZES.entries()) {
    if (index < size) return `${level}/${index}`;
    index -= size;
  }
  return undefined;
}
